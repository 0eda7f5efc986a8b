//! `POST /api/batches/{batch_id}/retry`: enriches the failed transactions of a batch again.

use http::StatusCode;
use serde::Serialize;
use tracing::info;
use tributary_domain::{BatchId, CorrelationId};
use tributary_lambda::http::{Problem, Request, Response};
use tributary_queue::Queue;
use tributary_store::{Store, StoreError, batches, enrichment, outbox};

use crate::announcement;

#[derive(Serialize)]
struct Body<'b> {
    batch_id: BatchId,
    retried: i64,
    correlation_id: &'b CorrelationId,
}

pub async fn retry(store: &Store, queue: &Queue, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let batch: BatchId = request.parameter()?.parse().map_err(|_| Problem::NotFound)?;

    let mut tx = store.begin(tenant).await?;
    if !batches::lock(&mut tx, tenant, batch).await? {
        return Err(Problem::NotFound);
    }
    let retried = enrichment::retry_failed(&mut tx, tenant, batch).await?;
    let work = usize::try_from(retried).unwrap_or_default();
    let entry = (work > 0).then(|| announcement::entry_for(request, tenant, batch, work));
    if let Some(entry) = &entry {
        outbox::insert(&mut tx, entry).await?;
    }
    tx.commit().await.map_err(StoreError::from)?;

    info!(batch_id = %batch, retried, "batch retried");
    if let Some(entry) = &entry {
        announcement::send(store, queue, entry).await;
    }
    let body = Body { batch_id: batch, retried, correlation_id: &request.correlation };
    Ok(Response::json(StatusCode::ACCEPTED, &body)?)
}
