//! The use case: four chores, each in transactions of its own, none holding up the others.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing::{info, warn};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::{EnrichMessage, Queue};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError, backlog, idempotency, report};

/// How many batches that stand still are minded in one transaction, which holds them.
const REQUEUE_MAX: i64 = 1_000;
/// How many owed batches are sent in one transaction, which holds them.
const SEND_MAX: i64 = 20;
/// How many deltas are folded in one transaction.
const FOLD_MAX: i64 = 10_000;
/// How many idempotency keys are deleted in one transaction.
const DELETE_MAX: i64 = 10_000;
/// How long before its deadline relay starts nothing more.
const STOP_BEFORE_DEADLINE: Duration = Duration::from_secs(15);

/// How long things may stand before relay minds them.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// An outbox row: until then ingest itself is about to send it.
    pub unsent: Duration,
    /// An unfinished batch without a live lease: until then its message is in the queue, or comes back.
    pub stalled: Duration,
    /// An idempotency key: until then the same request gets the first answer again.
    pub key: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            unsent: Duration::from_secs(10),
            stalled: Duration::from_secs(15 * 60),
            key: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// Keeps things moving.
#[derive(Debug)]
pub struct Relay {
    store: Store,
    queue: Queue,
    ages: Ages,
    metrics: Metrics,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Batches that were found standing still.
    pub requeued: u64,
    /// Batches whose owed messages were sent.
    pub sent: u64,
    /// Deltas that were folded.
    pub folded: i64,
    /// Idempotency keys that were deleted.
    pub expired_keys: u64,
}

/// The store failed; what was not done is done the next time.
#[derive(Debug, thiserror::Error)]
#[error("relay was cut short")]
pub struct RelayError(#[from] StoreError);

impl Relay {
    /// Between a store and a queue; what it measures is gathered in `metrics`.
    #[must_use]
    pub const fn new(store: Store, queue: Queue, ages: Ages, metrics: Metrics) -> Self {
        Self { store, queue, ages, metrics }
    }

    /// Does what there is to do, or as much as fits before the deadline.
    ///
    /// # Errors
    /// [`RelayError`] if the store fails.
    pub async fn run(&self, deadline: SystemTime) -> Result<Done, RelayError> {
        self.metrics.count(&table::MESSAGES_SENT, 0);
        let mut done = Done::default();
        while is_time_left(deadline) {
            let requeued = self.requeue_stalled().await?;
            done.requeued += requeued;
            if requeued < u64::try_from(REQUEUE_MAX).unwrap_or_default() {
                break;
            }
        }
        while is_time_left(deadline) {
            let (taken, sent) = self.send_due().await?;
            done.sent += sent;
            // Fewer sent than taken: the queue is away, and would be for the next ones too.
            if taken < u64::try_from(SEND_MAX).unwrap_or_default() || sent < taken {
                break;
            }
        }
        while is_time_left(deadline) {
            let folded = self.fold().await?;
            done.folded += folded;
            if folded < FOLD_MAX {
                break;
            }
        }
        while is_time_left(deadline) {
            let deleted = self.delete_expired_keys().await?;
            done.expired_keys += deleted;
            if deleted < u64::try_from(DELETE_MAX).unwrap_or_default() {
                break;
            }
        }
        self.measure_backlog().await?;
        Ok(done)
    }

    /// Notes what is left, after all that could be done about it.
    async fn measure_backlog(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let left = backlog::measure(&mut tx).await?;
        tx.commit().await?;
        for (metric, value) in [
            (&table::UNFINISHED_BATCHES, left.unfinished_batches),
            (&table::OLDEST_UNFINISHED_BATCH_AGE, left.oldest_age_s),
            (&table::MESSAGES_UNSENT, left.messages_unsent),
        ] {
            self.metrics.observe(metric, u64::try_from(value).unwrap_or_default());
        }
        Ok(())
    }

    async fn delete_expired_keys(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let age = self.ages.key;
        let deleted = idempotency::delete_expired(&mut tx, age, DELETE_MAX).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    async fn requeue_stalled(&self) -> Result<u64, StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let age = self.ages.stalled;
        let requeued = outbox::requeue_stalled(&mut tx, age, REQUEUE_MAX).await?;
        tx.commit().await?;
        Ok(requeued)
    }

    /// Sends the next due entries. Returns how many were locked and how many were sent.
    async fn send_due(&self) -> Result<(u64, u64), StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let due = outbox::lock_due(&mut tx, self.ages.unsent, SEND_MAX).await?;
        let (mut taken, mut sent) = (0, 0);
        for entry in &due {
            taken += 1;
            if !self.send(entry).await {
                break;
            }
            let messages = u64::try_from(entry.message_count).unwrap_or_default();
            self.metrics.count(&table::MESSAGES_SENT, messages);
            outbox::delete(&mut tx, entry).await?;
            sent += 1;
        }
        tx.commit().await?;
        Ok((taken, sent))
    }

    async fn send(&self, entry: &OutboxEntry) -> bool {
        let message = EnrichMessage { tenant: entry.tenant, batch: entry.batch };
        let count = usize::try_from(entry.message_count).unwrap_or(1);
        let trace = entry.trace_header.as_deref();
        let sent = self.queue.send(&message, count, &entry.correlation_id, trace).await;
        let (batch_id, correlation_id) = (entry.batch, &entry.correlation_id);
        match &sent {
            Ok(()) => info!(%batch_id, correlation_id, "outbox entry sent"),
            Err(error) => {
                warn!(%batch_id, correlation_id, error = %Chain(error), "send failed; the outbox entry stays");
            }
        }
        sent.is_ok()
    }

    async fn fold(&self) -> Result<i64, StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let folded = report::fold(&mut tx, FOLD_MAX).await?;
        tx.commit().await?;
        Ok(folded)
    }
}

fn is_time_left(deadline: SystemTime) -> bool {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left > STOP_BEFORE_DEADLINE
}
