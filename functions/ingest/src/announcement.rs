//! Announces a batch on the queue after the commit that wrote its work.

use tracing::warn;
use tributary_lambda::error_chain::Chain;
use tributary_queue::{EnrichMessage, Queue, message_count};
use tributary_store::announcements::{self, Announcement};
use tributary_store::{Store, StoreError};

/// The number of messages for `work` transactions.
pub fn messages_for(work: i32) -> i32 {
    i32::try_from(message_count(usize::try_from(work).unwrap_or_default())).unwrap_or(1)
}

/// Sends the messages of a batch. If the send fails, the batch is accepted all the same, and relay
/// sends them with its next run.
pub async fn send(store: &Store, queue: &Queue, announcement: &Announcement) {
    let message = EnrichMessage { tenant: announcement.tenant, batch: announcement.batch };
    let count = usize::try_from(announcement.message_count).unwrap_or(1);
    let trace = announcement.trace_header.as_deref();
    let Err(error) = queue.send(&message, count, &announcement.correlation_id, trace).await else {
        return;
    };
    let batch_id = announcement.batch;
    warn!(%batch_id, error = %Chain(&error), "send failed; relay retries it");
    if let Err(error) = mark_unsent(store, announcement).await {
        warn!(%batch_id, error = %Chain(&error), "relay will announce the batch later than possible");
    }
}

async fn mark_unsent(store: &Store, announcement: &Announcement) -> Result<(), StoreError> {
    let mut tx = store.begin(announcement.tenant).await?;
    announcements::mark_unsent(&mut tx, announcement).await?;
    Ok(tx.commit().await?)
}
