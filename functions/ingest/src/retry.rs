//! `POST /api/batches/{batch_id}/retry`: enriches the failed transactions of a batch again.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tracing::info;
use tributary_domain::{BatchId, CorrelationId, TenantId};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_queue::Queue;
use tributary_store::announcements::Announcement;
use tributary_store::{Store, Tx, batches, enrichment};

use crate::announcement::{self, messages_for};

#[derive(Serialize)]
struct Body<'b> {
    batch_id: BatchId,
    retried: i64,
    correlation_id: &'b CorrelationId,
}

pub async fn retry(
    store: &Store,
    queue: &Queue,
    announce_after: Duration,
    request: &Request,
) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let batch: BatchId = request.parameter("batch_id")?.parse().map_err(|_| Problem::NotFound)?;

    let mut tx = store.begin(tenant).await?;
    let outcome = write(&mut tx, request, tenant, batch, announce_after).await;
    let (retried, announcement) = tributary_store::end(tx, outcome).await?;

    info!(batch_id = %batch, retried, "batch retried");
    if let Some(announcement) = &announcement {
        announcement::send(store, queue, announcement).await;
    }
    let body = Body { batch_id: batch, retried, correlation_id: &request.correlation };
    Ok(Response::json(StatusCode::ACCEPTED, &body)?)
}

/// Makes the failed transactions pending. Returns how many, and the announcement if there are any.
async fn write(
    tx: &mut Tx,
    request: &Request,
    tenant: TenantId,
    batch: BatchId,
    announce_after: Duration,
) -> Result<(i64, Option<Announcement>), Problem> {
    if !batches::lock(tx, tenant, batch).await? {
        return Err(Problem::NotFound);
    }
    let retried = enrichment::retry_failed(tx, tenant, batch).await?;
    if retried == 0 {
        return Ok((0, None));
    }
    let message_count = messages_for(i32::try_from(retried).unwrap_or(i32::MAX));
    let announce_at = batches::reopen(tx, tenant, batch, message_count, announce_after).await?;
    let announcement = Announcement {
        tenant,
        batch,
        correlation_id: request.correlation.to_string(),
        trace_header: request.trace_header().map(str::to_owned),
        message_count,
        announce_at,
    };
    Ok((retried, Some(announcement)))
}
