//! Shared code of the end-to-end tests: systems, an HTTP client, request bodies, queue messages,
//! log files, and polling with a deadline.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]

mod client;
mod payload;
mod plaid_payload;

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use tributary_domain::Scope;
use tributary_domain::api_key::{Pepper, Peppers};
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::Store;
use tributary_system::{System, SystemConfig, sqs_client};
use uuid::Uuid;

pub use client::{Api, Response, SUMMARY, TRANSACTIONS};
pub use payload::{account, example, in_currency, numbered, payload, removals, transaction};
pub use plaid_payload::{plaid_get, plaid_pending, plaid_sync, plaid_transaction, plaid_webhook};

/// How long [`eventually`] waits. Long enough for a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Starts a system with the SQS endpoint in `SQS_ENDPOINT_URL`, if it is set, else with the
/// embedded server. Prints each step of the start to standard error.
pub async fn start(mut config: SystemConfig) -> System {
    if config.sqs_endpoint_url.is_none() {
        config.sqs_endpoint_url =
            std::env::var("SQS_ENDPOINT_URL").ok().filter(|url| !url.is_empty());
    }
    start_embedded(config).await
}

/// Starts a system with the embedded SQS server, unless `config` has another endpoint: for tests
/// that inject faults into SQS.
pub async fn start_embedded(config: SystemConfig) -> System {
    System::start(config, &|step| eprintln!("{step}")).await.unwrap()
}

/// Starts a PostgreSQL server with temporary data, for tests that stop it.
pub async fn start_postgres() -> Postgres {
    let options = Options { storage: Storage::Temporary, progress: &|step| eprintln!("{step}") };
    Postgres::start(options).await.unwrap()
}

/// A client with the API key of the system.
pub fn api_of(system: &System) -> Api {
    Api::new(&system.url(), system.api_key())
}

/// Creates a tenant with an API key that may ingest and report.
pub async fn create_key(system: &System, tenant: &str) -> String {
    let store = Store::connect_lazily(&system.database_url().into()).unwrap();
    let pepper = Pepper::new(system.api_key_pepper().expose_secret()).unwrap();
    let peppers = Peppers { current: pepper, previous: None };
    let scopes = [Scope::Ingest, Scope::Report];
    tributary_system::create_key(&store, &peppers, tenant, "test", &scopes).await.unwrap().key
}

/// Invokes relay once and waits for its end.
pub async fn invoke_relay(system: &System) {
    system.stack().lambda().invoke("relay", "{}", None).await.unwrap();
}

/// Makes every unfinished batch due to be announced by relay.
pub async fn make_due(connection: &mut PgConnection) {
    sqlx::query("update batches set announce_at = now() where finished_at is null")
        .execute(connection)
        .await
        .unwrap();
}

/// Sends a message to the queue of the system.
pub async fn send_message(system: &System, body: &str) {
    let client = sqs_client(system.sqs_endpoint_url()).await;
    let send = client.send_message().queue_url(&system.queues().queue);
    send.message_body(body).send().await.unwrap();
}

/// The body of the queue message for a batch.
pub fn queue_message(tenant_id: Uuid, batch_id: &str) -> String {
    json!({"v": 1, "tenant_id": tenant_id, "batch_id": batch_id}).to_string()
}

/// The tenant of the batches in a database that has batches of one tenant.
pub async fn tenant_id(system: &System) -> Uuid {
    sqlx::query_scalar("select tenant_id from batches limit 1")
        .fetch_one(&mut connect(system.database_url()).await)
        .await
        .unwrap()
}

/// Polls `check` until it returns a value. Panics after [`DEADLINE`].
pub async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "timed out waiting for {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// A direct connection to a system's database.
pub async fn connect(database_url: &str) -> PgConnection {
    PgConnection::connect(database_url).await.unwrap()
}

/// The result of a query without parameters that returns one number.
pub async fn number(connection: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query(query).fetch_one(connection).await.unwrap().get(0)
}

/// The tables with the column `tenant_id`, in alphabetical order.
pub async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let query = "select table_name::text from information_schema.columns \
                 where table_schema = 'public' and column_name = 'tenant_id' order by table_name";
    sqlx::query_scalar(query).fetch_all(connection).await.unwrap()
}

/// The complete lines in the log file of a function. Panics if a line is not JSON.
pub fn log_lines(log_directory: &Path, function: &str) -> Vec<Value> {
    let path = log_directory.join(format!("{function}.log"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The last line may be incomplete.
    let complete = text.rsplit_once('\n').map(|(complete, _)| complete).unwrap_or_default();
    let parse = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{function}: {error}: {line}"))
    };
    complete.lines().map(parse).collect()
}
