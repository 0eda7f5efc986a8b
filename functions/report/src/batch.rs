//! `GET /api/batches/{batch_id}`

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use tributary_domain::{BatchId, StatusCounts};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::{Store, batches};

#[derive(Serialize)]
struct Body {
    batch_id: BatchId,
    total_transactions: i32,
    inserted: i32,
    updated: i32,
    unchanged: i32,
    removed: i32,
    removed_unknown: i32,
    processing_status: StatusCounts,
    /// Transactions that are no longer stored. They are in no other count.
    erased: i64,
    accepted_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    /// Null while there is work left. A later batch may make its transactions pending again.
    finished_at: Option<DateTime<Utc>>,
    failures: Vec<FailureBody>,
    correlation_id: String,
}

#[derive(Serialize)]
struct FailureBody {
    transaction_id: String,
    reason: String,
    attempts: i32,
}

pub async fn get(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let batch: BatchId = request.parameter("batch_id")?.parse().map_err(|_| Problem::NotFound)?;

    let mut tx = store.begin(tenant).await?;
    let progress = batches::progress(&mut tx, tenant, batch).await?.ok_or(Problem::NotFound)?;
    let failures = if progress.counts.failed == 0 {
        Vec::new()
    } else {
        batches::failures(&mut tx, tenant, batch).await?
    };

    let body = Body {
        batch_id: batch,
        total_transactions: progress.batch.total(),
        inserted: progress.batch.inserted,
        updated: progress.batch.updated,
        unchanged: progress.batch.unchanged,
        removed: progress.batch.removed,
        removed_unknown: progress.batch.removed_unknown,
        processing_status: progress.counts,
        erased: progress.erased,
        accepted_at: progress.accepted_at,
        started_at: progress.started_at,
        finished_at: progress.finished_at.filter(|_| progress.counts.is_settled()),
        failures: failures
            .into_iter()
            .map(|failure| FailureBody {
                transaction_id: failure.transaction_id,
                reason: failure.reason,
                attempts: failure.attempts,
            })
            .collect(),
        correlation_id: progress.batch.correlation_id,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}
