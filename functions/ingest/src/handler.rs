//! Handles the calls that write.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use tracing::info;
use tributary_domain::{BatchId, Format};
use tributary_lambda::http::{Handler, Problem, Request, Response};
use tributary_lambda::metrics::{Metrics, table};
use tributary_lambda::routes::{Call, IngestCall};
use tributary_queue::Queue;
use tributary_store::Store;
use tributary_store::batches::AcceptedBatch;

use crate::config::Limits;
use crate::submission::{Outcome, Submission};
use crate::{announcement, removal, retry};

/// Marks the response to a replayed request.
const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The handler of ingest.
#[derive(Debug)]
pub struct Ingest {
    store: Store,
    queue: Queue,
    limits: Limits,
    metrics: Metrics,
}

/// The body of a 202.
#[derive(Serialize)]
struct Accepted<'a> {
    batch_id: BatchId,
    total_transactions: i32,
    inserted: i32,
    updated: i32,
    unchanged: i32,
    removed: i32,
    removed_unknown: i32,
    correlation_id: &'a str,
}

impl Ingest {
    /// Writes batches to a store within `limits`, announces them on a queue and records `metrics`.
    #[must_use]
    pub const fn new(store: Store, queue: Queue, limits: Limits, metrics: Metrics) -> Self {
        Self { store, queue, limits, metrics }
    }

    async fn accept(&self, request: &Request, format: Format) -> Result<Response, Problem> {
        match Submission::read(request, format)?.write(&self.store, self.limits).await? {
            Outcome::New(batch, announcement) => {
                info!(
                    batch_id = %batch.batch_id,
                    transactions = batch.total(),
                    inserted = batch.inserted,
                    updated = batch.updated,
                    unchanged = batch.unchanged,
                    removed = batch.removed,
                    removed_unknown = batch.removed_unknown,
                    "batch accepted"
                );
                self.measure(&batch);
                if let Some(announcement) = announcement {
                    announcement::send(&self.store, &self.queue, &announcement).await;
                }
                accepted(&batch)
            }
            Outcome::Replayed(batch) => {
                info!(batch_id = %batch.batch_id, "batch replayed");
                self.metrics.count(&table::BATCHES_REPLAYED, 1);
                Ok(accepted(&batch)?.with_header(REPLAYED_HEADER, HeaderValue::from_static("true")))
            }
        }
    }

    async fn submit(&self, request: &Request, format: Format) -> Result<Response, Problem> {
        self.accept(request, format).await.inspect_err(|problem| {
            if problem.status().is_client_error() {
                self.metrics.count(&table::BATCHES_REJECTED, 1);
            }
        })
    }

    fn measure(&self, batch: &AcceptedBatch) {
        self.metrics.count(&table::BATCHES_ACCEPTED, 1);
        for (metric, count) in [
            (&table::TRANSACTIONS_INSERTED, batch.inserted),
            (&table::TRANSACTIONS_UPDATED, batch.updated),
            (&table::TRANSACTIONS_UNCHANGED, batch.unchanged),
            (&table::TRANSACTIONS_REMOVED, batch.removed),
        ] {
            self.metrics.count(metric, u64::try_from(count).unwrap_or_default());
        }
    }
}

impl Handler for Ingest {
    type Call = IngestCall;

    fn own_call(call: Call) -> Option<IngestCall> {
        if let Call::Ingest(call) = call { Some(call) } else { None }
    }

    async fn handle(&self, call: IngestCall, request: &Request) -> Result<Response, Problem> {
        match call {
            IngestCall::IngestTransactions => self.submit(request, Format::Plain).await,
            IngestCall::IngestPlaidTransactions => self.submit(request, Format::Plaid).await,
            IngestCall::RemoveTransaction => removal::remove(&self.store, request).await,
            IngestCall::RetryBatch => {
                retry::retry(&self.store, &self.queue, self.limits.announce_after, request).await
            }
        }
    }
}

fn accepted(batch: &AcceptedBatch) -> Result<Response, Problem> {
    let body = Accepted {
        batch_id: batch.batch_id,
        total_transactions: batch.total(),
        inserted: batch.inserted,
        updated: batch.updated,
        unchanged: batch.unchanged,
        removed: batch.removed,
        removed_unknown: batch.removed_unknown,
        correlation_id: &batch.correlation_id,
    };
    let response = Response::json(StatusCode::ACCEPTED, &body)?;
    let location = HeaderValue::from_str(&format!("/api/batches/{}", batch.batch_id))
        .map_err(|error| Problem::Internal(error.into()))?;
    Ok(response.with_header(LOCATION, location))
}
