//! `POST /api/batches/{batch_id}/retry`: what failed of a batch is tried again.

use http::StatusCode;
use serde::Serialize;
use tracing::info;
use tributary_domain::{BatchId, CorrelationId};
use tributary_lambda::http::{Answer, Incoming, Problem};
use tributary_queue::Queue;
use tributary_store::{Store, StoreError, batches, enrichment, outbox};

use crate::debt;

#[derive(Serialize)]
struct Body<'b> {
    batch_id: BatchId,
    retried: i64,
    correlation_id: &'b CorrelationId,
}

pub async fn retry(store: &Store, queue: &Queue, incoming: &Incoming) -> Result<Answer, Problem> {
    let tenant = incoming.tenant()?;
    let batch: BatchId = incoming.parameter()?.parse().map_err(|_| Problem::NotFound)?;

    let mut transaction = store.begin(tenant).await?;
    if !batches::lock(&mut transaction, tenant, batch).await? {
        // It locked nothing.
        return Err(Problem::NotFound);
    }
    let retried = enrichment::retry_failed(&mut transaction, tenant, batch).await?;
    let work = usize::try_from(retried).unwrap_or_default();
    let owed = (work > 0).then(|| debt::owed_for(incoming, tenant, batch, work));
    if let Some(owed) = &owed {
        outbox::insert(&mut transaction, owed).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;

    info!(batch_id = %batch, retried, "batch retried");
    if let Some(owed) = &owed {
        debt::send(store, queue, owed).await;
    }
    let body = Body { batch_id: batch, retried, correlation_id: &incoming.correlation };
    Ok(Answer::json(StatusCode::ACCEPTED, &body)?)
}
