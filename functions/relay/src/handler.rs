//! The use case: four chores, each in transactions of its own, none holding up the others.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing::{info, warn};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::{EnrichMessage, Queue};
use tributary_store::outbox::{self, Owed};
use tributary_store::{Store, StoreError, backlog, idempotency, report};

/// How many batches that stand still are minded in one transaction, which holds them.
const STRANDED_MAX: i64 = 1_000;
/// How many owed batches are sent in one transaction, which holds them.
const SEND_MAX: i64 = 20;
/// How many deltas are folded in one transaction.
const FOLD_MAX: i64 = 10_000;
/// How many idempotency keys are forgotten in one transaction.
const FORGET_MAX: i64 = 10_000;
/// How long before its deadline relay starts nothing more.
const STOP_BEFORE_DEADLINE: Duration = Duration::from_secs(15);

/// How long things may stand before relay minds them.
#[derive(Clone, Copy, Debug)]
pub struct Ages {
    /// An outbox row: until then ingest itself is about to send it.
    pub owed: Duration,
    /// An unfinished batch without a live lease: until then its message is in the queue, or comes back.
    pub stranded: Duration,
    /// An idempotency key: until then the same request gets the first answer again.
    pub key: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            owed: Duration::from_secs(10),
            stranded: Duration::from_secs(15 * 60),
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
    pub stranded: u64,
    /// Batches whose owed messages were sent.
    pub sent: u64,
    /// Deltas that were folded.
    pub folded: i64,
    /// Idempotency keys that were forgotten.
    pub forgotten: u64,
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
            let stranded = self.owe_for_stranded().await?;
            done.stranded += stranded;
            if stranded < u64::try_from(STRANDED_MAX).unwrap_or_default() {
                break;
            }
        }
        while is_time_left(deadline) {
            let (taken, sent) = self.send_owed().await?;
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
            let forgotten = self.forget_keys().await?;
            done.forgotten += forgotten;
            if forgotten < u64::try_from(FORGET_MAX).unwrap_or_default() {
                break;
            }
        }
        self.measure_backlog().await?;
        Ok(done)
    }

    /// Notes what is left, after all that could be done about it.
    async fn measure_backlog(&self) -> Result<(), StoreError> {
        let mut transaction = self.store.begin_for_all().await?;
        let left = backlog::measure(&mut transaction).await?;
        transaction.commit().await?;
        for (metric, value) in [
            (&table::UNFINISHED_BATCHES, left.unfinished_batches),
            (&table::OLDEST_UNFINISHED_BATCH_AGE, left.oldest_age_s),
            (&table::MESSAGES_OWED, left.messages_owed),
        ] {
            self.metrics.observe(metric, u64::try_from(value).unwrap_or_default());
        }
        Ok(())
    }

    async fn forget_keys(&self) -> Result<u64, StoreError> {
        let mut transaction = self.store.begin_for_all().await?;
        let age = self.ages.key;
        let forgotten = idempotency::delete_expired(&mut transaction, age, FORGET_MAX).await?;
        transaction.commit().await?;
        Ok(forgotten)
    }

    async fn owe_for_stranded(&self) -> Result<u64, StoreError> {
        let mut transaction = self.store.begin_for_all().await?;
        let age = self.ages.stranded;
        let stranded = outbox::owe_for_stranded(&mut transaction, age, STRANDED_MAX).await?;
        transaction.commit().await?;
        Ok(stranded)
    }

    /// Sends the next owed messages. Answers how many batches were taken and how many sent.
    async fn send_owed(&self) -> Result<(u64, u64), StoreError> {
        let mut transaction = self.store.begin_for_all().await?;
        let owed = outbox::take_owed(&mut transaction, self.ages.owed, SEND_MAX).await?;
        let (mut taken, mut sent) = (0, 0);
        for owed in &owed {
            taken += 1;
            if !self.send(owed).await {
                break;
            }
            let messages = u64::try_from(owed.message_count).unwrap_or_default();
            self.metrics.count(&table::MESSAGES_SENT, messages);
            outbox::delete(&mut transaction, owed).await?;
            sent += 1;
        }
        transaction.commit().await?;
        Ok((taken, sent))
    }

    async fn send(&self, owed: &Owed) -> bool {
        let message = EnrichMessage { tenant: owed.tenant, batch: owed.batch };
        let count = usize::try_from(owed.message_count).unwrap_or(1);
        let trace = owed.trace_header.as_deref();
        let sent = self.queue.send(&message, count, &owed.correlation_id, trace).await;
        let (batch_id, correlation_id) = (owed.batch, &owed.correlation_id);
        match &sent {
            Ok(()) => info!(%batch_id, correlation_id, "owed messages sent"),
            Err(error) => {
                warn!(%batch_id, correlation_id, error = %Chain(error), "still owed");
            }
        }
        sent.is_ok()
    }

    async fn fold(&self) -> Result<i64, StoreError> {
        let mut transaction = self.store.begin_for_all().await?;
        let folded = report::fold(&mut transaction, FOLD_MAX).await?;
        transaction.commit().await?;
        Ok(folded)
    }
}

fn is_time_left(deadline: SystemTime) -> bool {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left > STOP_BEFORE_DEADLINE
}
