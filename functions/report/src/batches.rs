//! `GET /api/batches`

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use tributary_domain::{BatchId, BatchStatus, CorrelationId, Faults};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_store::Store;
use tributary_store::batches::{self, BatchQuery, ListedBatch};

use crate::cursor::BatchCursor;
use crate::parameters::{self, Limit};

const LIMIT: Limit = Limit { default: 50, max: 100 };

#[derive(Serialize)]
struct Body<'b> {
    batches: Vec<BatchBody>,
    /// Whether there is a next page. A page of a status may be short or empty all the same.
    has_more: bool,
    /// The cursor of the next page; null on the last page.
    next_cursor: Option<String>,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct BatchBody {
    batch_id: BatchId,
    status: String,
    total_transactions: i32,
    inserted: i32,
    updated: i32,
    unchanged: i32,
    removed: i32,
    removed_unknown: i32,
    failed: i32,
    erased: i32,
    accepted_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// That of the request that sent the batch.
    correlation_id: String,
}

pub async fn list(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let mut faults = Faults::default();
    let status = parameters::optional::<BatchStatus>(request, "status", &mut faults);
    let cursor = parameters::optional::<BatchCursor>(request, "cursor", &mut faults);
    let limit = LIMIT.of(request, &mut faults);
    parameters::accept(Ok(()), faults)?;

    let query = BatchQuery { status, after: cursor.map(|cursor| cursor.0), limit };
    let mut tx = store.begin(tenant).await?;
    let page = batches::list(&mut tx, tenant, query).await?;
    let body = Body {
        batches: page.batches.into_iter().map(BatchBody::of).collect(),
        has_more: page.next.is_some(),
        next_cursor: page.next.map(|batch| BatchCursor(batch).encode()),
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}

impl BatchBody {
    fn of(listed: ListedBatch) -> Self {
        Self {
            batch_id: listed.batch.batch_id,
            status: listed.status,
            total_transactions: listed.batch.total(),
            inserted: listed.batch.inserted,
            updated: listed.batch.updated,
            unchanged: listed.batch.unchanged,
            removed: listed.batch.removed,
            removed_unknown: listed.batch.removed_unknown,
            failed: listed.failed,
            erased: listed.erased,
            accepted_at: listed.accepted_at,
            started_at: listed.started_at,
            finished_at: listed.finished_at,
            correlation_id: listed.batch.correlation_id,
        }
    }
}
