//! The use case: four tasks, each in database transactions of its own.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing::{info, warn};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::{EnrichMessage, Queue};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_store::{Store, StoreError, backlog, idempotency, report};

/// The most stalled batches that one transaction requeues and locks.
const REQUEUE_MAX: i64 = 1_000;
/// The most outbox entries that one transaction sends and locks.
const SEND_MAX: i64 = 20;
/// The most deltas that one transaction folds.
const FOLD_MAX: i64 = 10_000;
/// The most idempotency keys that one transaction deletes.
const DELETE_MAX: i64 = 10_000;
/// How long before the deadline relay starts no further transaction.
const STOP_BEFORE_DEADLINE: Duration = Duration::from_secs(15);

/// The age from which relay processes a row.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// An outbox entry. Ingest may still be sending a younger one.
    pub unsent: Duration,
    /// An unfinished batch without a valid lease. The message of a younger one may still be in the
    /// queue.
    pub stalled: Duration,
    /// An idempotency key. A repeated request is replayed until then.
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

/// The handler of relay.
#[derive(Debug)]
pub struct Relay {
    store: Store,
    queue: Queue,
    ages: Ages,
    metrics: Metrics,
}

/// The work of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Stalled batches that were requeued.
    pub requeued: u64,
    /// Outbox entries that were sent.
    pub sent: u64,
    /// Deltas that were folded.
    pub folded: i64,
    /// Idempotency keys that were deleted.
    pub expired_keys: u64,
}

/// The store failed. The next run does the remaining work.
#[derive(Debug, thiserror::Error)]
#[error("the run was aborted")]
pub struct RelayError(#[from] StoreError);

impl Relay {
    /// Sends the outbox entries of a store to a queue and records `metrics`.
    #[must_use]
    pub const fn new(store: Store, queue: Queue, ages: Ages, metrics: Metrics) -> Self {
        Self { store, queue, ages, metrics }
    }

    /// Does all due work, or as much as possible before the deadline.
    ///
    /// # Errors
    /// [`RelayError`] if the store fails.
    pub async fn run(&self, deadline: SystemTime) -> Result<Outcome, RelayError> {
        self.metrics.count(&table::MESSAGES_SENT, 0);
        let mut outcome = Outcome::default();
        while is_time_left(deadline) {
            let requeued = self.requeue_stalled().await?;
            outcome.requeued += requeued;
            if requeued < u64::try_from(REQUEUE_MAX).unwrap_or_default() {
                break;
            }
        }
        while is_time_left(deadline) {
            let (locked, sent) = self.send_due().await?;
            outcome.sent += sent;
            // A failed send means that the queue is unavailable for the next entries, too.
            if locked < u64::try_from(SEND_MAX).unwrap_or_default() || sent < locked {
                break;
            }
        }
        while is_time_left(deadline) {
            let folded = self.fold().await?;
            outcome.folded += folded;
            if folded < FOLD_MAX {
                break;
            }
        }
        while is_time_left(deadline) {
            let deleted = self.delete_expired_keys().await?;
            outcome.expired_keys += deleted;
            if deleted < u64::try_from(DELETE_MAX).unwrap_or_default() {
                break;
            }
        }
        self.measure_backlog().await?;
        Ok(outcome)
    }

    /// Records the remaining work.
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
        let (mut locked, mut sent) = (0, 0);
        for entry in &due {
            locked += 1;
            if !self.send(entry).await {
                break;
            }
            let messages = u64::try_from(entry.message_count).unwrap_or_default();
            self.metrics.count(&table::MESSAGES_SENT, messages);
            outbox::delete(&mut tx, entry).await?;
            sent += 1;
        }
        tx.commit().await?;
        Ok((locked, sent))
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
                let error = Chain(error);
                warn!(%batch_id, correlation_id, %error, "send failed; the outbox entry stays");
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
