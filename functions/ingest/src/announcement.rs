//! Announces a batch on the queue: the outbox entry is written in the batch's own transaction, its messages are
//! sent after the commit.

use tracing::warn;
use tributary_domain::{BatchId, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::Request;
use tributary_queue::{EnrichMessage, Queue, message_count};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

/// The outbox entry of a batch with `work` transactions to enrich.
pub fn entry_for(
    request: &Request,
    tenant: TenantId,
    batch: BatchId,
    work: usize,
) -> OutboxEntry {
    OutboxEntry {
        tenant,
        batch,
        entry_id: Uuid::now_v7(),
        correlation_id: request.correlation.to_string(),
        trace_header: request.trace_header().map(str::to_owned),
        message_count: i32::try_from(message_count(work)).unwrap_or(1),
    }
}

/// Sends the messages of an entry and deletes it. If the send fails the entry stays and relay sends it: the batch is
/// accepted either way.
pub async fn send(store: &Store, queue: &Queue, entry: &OutboxEntry) {
    let message = EnrichMessage { tenant: entry.tenant, batch: entry.batch };
    let count = usize::try_from(entry.message_count).unwrap_or(1);
    let trace = entry.trace_header.as_deref();
    if let Err(error) = queue.send(&message, count, &entry.correlation_id, trace).await {
        warn!(batch_id = %entry.batch, error = %Chain(&error), "send failed; relay retries it");
        return;
    }
    // An entry that is left costs one more message, which finds nothing to do.
    if let Err(error) = mark_sent(store, entry).await {
        warn!(batch_id = %entry.batch, error = %Chain(&error), "sent, but the outbox entry was not deleted");
    }
}

async fn mark_sent(store: &Store, entry: &OutboxEntry) -> Result<(), StoreError> {
    let mut tx = store.begin(entry.tenant).await?;
    outbox::delete(&mut tx, entry).await?;
    Ok(tx.commit().await?)
}
