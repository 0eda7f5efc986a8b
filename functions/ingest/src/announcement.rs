//! Announces a batch on the queue. The transaction that writes the batch also writes an outbox
//! entry; the messages are sent after the commit.

use tracing::warn;
use tributary_domain::{BatchId, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::Request;
use tributary_queue::{EnrichMessage, Queue, message_count};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

/// The outbox entry of a batch with `work` transactions to enrich.
pub fn entry_for(request: &Request, tenant: TenantId, batch: BatchId, work: usize) -> OutboxEntry {
    OutboxEntry {
        tenant,
        batch,
        entry_id: Uuid::now_v7(),
        correlation_id: request.correlation.to_string(),
        trace_header: request.trace_header().map(str::to_owned),
        message_count: i32::try_from(message_count(work)).unwrap_or(1),
    }
}

/// Sends the messages of an entry and deletes the entry. If the send fails, the batch is accepted
/// all the same, and relay sends the entry later.
pub async fn send(store: &Store, queue: &Queue, entry: &OutboxEntry) {
    let message = EnrichMessage { tenant: entry.tenant, batch: entry.batch };
    let count = usize::try_from(entry.message_count).unwrap_or(1);
    let trace = entry.trace_header.as_deref();
    if let Err(error) = queue.send(&message, count, &entry.correlation_id, trace).await {
        warn!(batch_id = %entry.batch, error = %Chain(&error), "send failed; relay retries it");
        return;
    }
    // If the delete fails, relay sends the entry again, and its message finds no work.
    if let Err(error) = delete(store, entry).await {
        let error = Chain(&error);
        warn!(batch_id = %entry.batch, %error, "sent, but the outbox entry was not deleted");
    }
}

async fn delete(store: &Store, entry: &OutboxEntry) -> Result<(), StoreError> {
    let mut tx = store.begin(entry.tenant).await?;
    outbox::delete(&mut tx, entry).await?;
    Ok(tx.commit().await?)
}
