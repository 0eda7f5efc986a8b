//! What the end-to-end tests share: systems, a client of the HTTP API, request bodies, and waiting
//! with a deadline.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]

mod client;
mod payload;

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, Row};
use tributary_system::{System, SystemConfig};

pub use client::{Answer, Api};
pub use payload::{account, example, numbered, payload, transaction};

/// What an asynchronous thing may take on a busy machine before it counts as never happening.
pub const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Starts a system with the SQS that `SQS_ENDPOINT_URL` names, else with the embedded one; what it
/// says while it starts is in the test's output.
pub async fn start(mut config: SystemConfig) -> System {
    if config.sqs_endpoint_url.is_none() {
        config.sqs_endpoint_url =
            std::env::var("SQS_ENDPOINT_URL").ok().filter(|url| !url.is_empty());
    }
    start_embedded(config).await
}

/// Starts a system with the embedded SQS, unless `config` says otherwise: for tests that harm it.
pub async fn start_embedded(config: SystemConfig) -> System {
    System::start(config, &|step| eprintln!("{step}")).await.unwrap()
}

/// A client with the key that the system was started with.
pub fn api_of(system: &System) -> Api {
    Api::new(&system.url(), system.api_key())
}

/// Waits until `check` gives something.
pub async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "{what} did not come about");
        tokio::time::sleep(POLL).await;
    }
}

/// A bare connection to a system's database, to look at rows past every function.
pub async fn connect(database_url: &str) -> PgConnection {
    PgConnection::connect(database_url).await.unwrap()
}

/// The one number that a query without parameters gives.
pub async fn number(connection: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query(query).fetch_one(connection).await.unwrap().get(0)
}

/// Every table of the schema that holds rows of tenants.
pub async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let query = "select table_name::text from information_schema.columns \
                 where table_schema = 'public' and column_name = 'tenant_id' order by table_name";
    sqlx::query_scalar(query).fetch_all(connection).await.unwrap()
}
