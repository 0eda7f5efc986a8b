//! What a batch owes to the queue: written down in the transaction that makes the work, sent after it.

use tracing::warn;
use tributary_domain::{BatchId, TenantId};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::http::Incoming;
use tributary_queue::{EnrichMessage, Queue, message_count};
use tributary_store::outbox::{self, Owed};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

/// What a batch with so many transactions to work on owes.
pub fn owed_for(incoming: &Incoming, tenant: TenantId, batch: BatchId, work: usize) -> Owed {
    Owed {
        tenant,
        batch,
        debt_id: Uuid::now_v7(),
        correlation_id: incoming.correlation.to_string(),
        trace_header: incoming.trace_header().map(str::to_owned),
        message_count: i32::try_from(message_count(work)).unwrap_or(1),
    }
}

/// Sends what is owed. If it cannot be sent now it stays owed, and relay sends it: the work is taken
/// all the same.
pub async fn send(store: &Store, queue: &Queue, owed: &Owed) {
    let message = EnrichMessage { tenant: owed.tenant, batch: owed.batch };
    let count = usize::try_from(owed.message_count).unwrap_or(1);
    let trace = owed.trace_header.as_deref();
    if let Err(error) = queue.send(&message, count, &owed.correlation_id, trace).await {
        warn!(batch_id = %owed.batch, error = %Chain(&error), "send is left to relay");
        return;
    }
    // Left standing, the row costs one more message, which finds nothing to do.
    if let Err(error) = strike_out(store, owed).await {
        warn!(batch_id = %owed.batch, error = %Chain(&error), "sent, but still owed");
    }
}

async fn strike_out(store: &Store, owed: &Owed) -> Result<(), StoreError> {
    let mut transaction = store.begin(owed.tenant).await?;
    outbox::delete(&mut transaction, owed).await?;
    Ok(transaction.commit().await?)
}
