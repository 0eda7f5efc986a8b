//! Asks both that everything else needs, at the same time and not for long.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;
use tracing::warn;
use tributary_api::OPENAPI;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::{Answer, Handler, Incoming, Problem};
use tributary_lambda::routes::Call;
use tributary_queue::Queue;
use tributary_store::{Store, StoreError, health};

/// How long each may take to answer; the whole answer is promised within two seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Answers monitors.
#[derive(Debug)]
pub struct Health {
    store: Store,
    queue: Queue,
}

#[derive(Serialize)]
struct Report {
    status: Verdict,
    database: Verdict,
    queue: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Unavailable,
}

impl Handler for Health {
    const FUNCTION: &'static str = "health";

    async fn handle(&self, incoming: &Incoming) -> Result<Answer, Problem> {
        match incoming.call {
            Call::GetHealth => self.report().await,
            Call::GetOpenApi => {
                let body = OPENAPI.to_owned();
                Ok(Answer { status: StatusCode::OK, headers: Vec::new(), body })
            }
            Call::IngestTransactions
            | Call::RetryBatch
            | Call::GetBatch
            | Call::ListTransactions
            | Call::GetSummary => Err(Problem::NotFound),
        }
    }
}

impl Health {
    /// Asks this store and this queue.
    #[must_use]
    pub const fn new(store: Store, queue: Queue) -> Self {
        Self { store, queue }
    }

    async fn report(&self) -> Result<Answer, Problem> {
        let (database, queue) =
            tokio::join!(ask("database", self.ask_database()), ask("queue", self.queue.ping()));
        let (status, code) = if database == Verdict::Ok && queue == Verdict::Ok {
            (Verdict::Ok, StatusCode::OK)
        } else {
            (Verdict::Unavailable, StatusCode::SERVICE_UNAVAILABLE)
        };
        Ok(Answer::json(code, &Report { status, database, queue })?)
    }

    async fn ask_database(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        health::ping(&mut tx).await
    }
}

/// Waits for an answer; why there is none is for the log alone.
async fn ask<E: Error + 'static>(
    dependency: &str,
    answer: impl Future<Output = Result<(), E>>,
) -> Verdict {
    match timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(())) => Verdict::Ok,
        Ok(Err(error)) => {
            warn!(dependency, error = %Chain(&error), "dependency is unavailable");
            Verdict::Unavailable
        }
        Err(_) => {
            warn!(dependency, "dependency does not answer");
            Verdict::Unavailable
        }
    }
}
