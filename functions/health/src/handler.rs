//! Checks the database and the queue concurrently, with a time limit.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;
use tracing::warn;
use tributary_api::OPENAPI;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::{Handler, Problem, Request, Response};
use tributary_lambda::routes::{Call, HealthCall};
use tributary_queue::Queue;
use tributary_store::{Store, StoreError, health};

/// The time limit of each check. The endpoint responds within two seconds.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The handler of health.
#[derive(Debug)]
pub struct Health {
    store: Store,
    queue: Queue,
}

#[derive(Serialize)]
struct Report {
    status: Status,
    database: Status,
    queue: Status,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Unavailable,
}

impl Handler for Health {
    type Call = HealthCall;

    fn own_call(call: Call) -> Option<HealthCall> {
        if let Call::Health(call) = call { Some(call) } else { None }
    }

    async fn handle(&self, call: HealthCall, _request: &Request) -> Result<Response, Problem> {
        match call {
            HealthCall::GetHealth => self.check().await,
            HealthCall::GetOpenApi => Ok(Response::json_document(OPENAPI)),
        }
    }
}

impl Health {
    /// Checks a store and a queue.
    #[must_use]
    pub const fn new(store: Store, queue: Queue) -> Self {
        Self { store, queue }
    }

    async fn check(&self) -> Result<Response, Problem> {
        let (database, queue) = tokio::join!(
            status_of("database", self.ping_database()),
            status_of("queue", self.queue.ping())
        );
        let (status, code) = if database == Status::Ok && queue == Status::Ok {
            (Status::Ok, StatusCode::OK)
        } else {
            (Status::Unavailable, StatusCode::SERVICE_UNAVAILABLE)
        };
        Ok(Response::json(code, &Report { status, database, queue })?)
    }

    async fn ping_database(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        health::ping(&mut tx).await
    }
}

/// Awaits a check. Failures are logged and never shown to the caller.
async fn status_of<E: Error + 'static>(
    dependency: &str,
    check: impl Future<Output = Result<(), E>>,
) -> Status {
    match timeout(CHECK_TIMEOUT, check).await {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(error)) => {
            warn!(dependency, error = %Chain(&error), "dependency is unavailable");
            Status::Unavailable
        }
        Err(_) => {
            warn!(dependency, "dependency timed out");
            Status::Unavailable
        }
    }
}
