//! Processes one batch: claims, categorises and finishes slices until none are left, the turn is over
//! or the deadline is near.
//!
//! No database transaction is open during categorisation. Any number of workers may process the
//! same batch. If one of them dies, its slice can be claimed again when the lease expires. The slice
//! is then divided, and its parts are processed while the process does nothing else, down to parts of
//! one row: a row that kills its worker fails alone.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Mutex, MutexGuard, RwLock};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use tributary_domain::TenantId;
use tributary_domain::categorise::{self as domain, Categorizer, rules_version};
use tributary_domain::identity::LeaseToken;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::EnrichMessage;
use tributary_store::batches::{self, RemainingWork};
use tributary_store::enrichment::{self, Claim, Finished, Lease};
use tributary_store::{Store, StoreError, Tx, report};
use uuid::Uuid;

use crate::decision::{Decision, decide_all};

/// After how many rows a worker folds the report's sums when it has finished a batch: small batches
/// share a fold, which costs as much as finishing one. relay folds what is left.
const FOLD_AFTER: i64 = 250;

/// The time limits of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The duration of a lease: longer than the categorisation of a claim and shorter than the
    /// visibility timeout of the queue, so that a redelivered message can claim its rows.
    pub lease: Duration,
    /// How long a turn lasts. After it the worker begins no further claim, so that the messages of
    /// other tenants do not wait for a large batch.
    pub turn: Duration,
    /// How long before the deadline the last claim may begin: longer than processing a claim takes.
    pub stop_before_deadline: Duration,
    /// How long after a claim relay announces the batch again if it is not finished by then: longer
    /// than the visibility timeout of the queue.
    pub requeue_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            turn: Duration::from_secs(1),
            stop_before_deadline: Duration::from_secs(10),
            requeue_after: Duration::from_secs(15 * 60),
        }
    }
}

/// How the processing of a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All rows are finished or claimed by other workers.
    NothingLeft,
    /// Another database transaction has locked the free slices.
    Locked,
    /// The turn is over or the deadline is near, and there may be rows left.
    OutOfTime,
    /// Some rows could not be categorised and are pending again.
    RetryLater,
    /// The process is shutting down; claimed rows are pending again.
    Stopped,
}

/// The store failed. The message must be retried later.
#[derive(Debug, thiserror::Error)]
#[error("the batch could not be processed")]
pub struct WorkError(#[from] StoreError);

/// Enriches batches.
pub struct Worker {
    store: Store,
    categorizer: Box<dyn Categorizer>,
    limits: Limits,
    stop: CancellationToken,
    metrics: Metrics,
    /// Guards the one connection of the store.
    connection: Mutex<()>,
    /// Shared by the batches that this process handles at the same time. A part of a slice whose
    /// worker died is processed exclusively, so that no other slice is lost with it.
    slices: RwLock<()>,
    /// The rows that were finished since the last fold.
    unfolded: AtomicI64,
}

/// A database transaction with the guard of its connection.
struct GuardedTx<'w> {
    // Dropped first, so that the connection is free before the guard.
    tx: Tx,
    _guard: MutexGuard<'w, ()>,
}

impl GuardedTx<'_> {
    /// Ends the transaction by its outcome.
    async fn end<T>(self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        tributary_store::end(self.tx, outcome).await
    }
}

impl Deref for GuardedTx<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for GuardedTx<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

impl Worker {
    /// A worker on a store with a categoriser that records `metrics`. When `stop` is cancelled, it
    /// releases its rows.
    #[must_use]
    pub fn new(
        store: Store,
        categorizer: Box<dyn Categorizer>,
        limits: Limits,
        stop: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        Self {
            store,
            categorizer,
            limits,
            stop,
            metrics,
            connection: Mutex::new(()),
            slices: RwLock::new(()),
            unfolded: AtomicI64::new(0),
        }
    }

    /// The metrics of the worker.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The duration of a lease.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        self.limits.lease
    }

    /// Processes a batch until no slice is left, the turn is over or the deadline is near.
    ///
    /// # Errors
    /// [`WorkError`] if the store fails. A claimed slice can be claimed again when its
    /// lease expires.
    pub async fn work(
        &self,
        message: &EnrichMessage,
        deadline: SystemTime,
    ) -> Result<Ending, WorkError> {
        let mut finished = 0;
        let mut next = Next::Free;
        let turn_ends = Instant::now() + self.limits.turn;
        loop {
            if self.stop.is_cancelled() {
                return Ok(Ending::Stopped);
            }
            let is_over = finished > 0 && Instant::now() >= turn_ends;
            if is_over || self.is_nearly_up(deadline) {
                info!(finished, "enrichment out of time");
                return Ok(Ending::OutOfTime);
            }
            let lease = Lease {
                tenant: message.tenant,
                batch: message.batch,
                token: LeaseToken(Uuid::now_v7()),
                duration: self.limits.lease,
            };
            let processed = match next {
                Next::Free => {
                    let _shared = self.slices.read().await;
                    self.process(&lease, self.claim(&lease).await?).await?
                }
                Next::Expired => {
                    let _exclusive = self.slices.write().await;
                    self.process(&lease, self.claim_expired(&lease).await?).await?
                }
            };
            match processed {
                Processed::Finished { rows, has_slices } => {
                    finished += rows;
                    info!(finished, "enrichment progressed");
                    if has_slices {
                        continue;
                    }
                }
                Processed::Nothing => {}
                Processed::Ended(ending) => {
                    info!(finished, ?ending, "enrichment ended");
                    return Ok(ending);
                }
            }
            let ending = match self.finish_batch(message).await? {
                RemainingWork::Nothing | RemainingWork::Leased => Ending::NothingLeft,
                RemainingWork::Free => Ending::Locked,
                RemainingWork::Expired if next == Next::Expired => Ending::Locked,
                RemainingWork::Expired => {
                    next = Next::Expired;
                    continue;
                }
            };
            info!(finished, ?ending, "enrichment ended");
            return Ok(ending);
        }
    }

    /// Categorises and finishes the rows of a claim.
    async fn process(&self, lease: &Lease, claim: Option<Claim>) -> Result<Processed, StoreError> {
        let Some(claim) = claim else { return Ok(Processed::Nothing) };
        debug!(rows = claim.rows.len(), attempts = claim.attempts, "slice claimed");
        let Some(decided) =
            self.stop.run_until_cancelled(decide_all(&*self.categorizer, &claim)).await
        else {
            self.release(lease).await?;
            return Ok(Processed::Ended(Ending::Stopped));
        };
        let to_be_retried = claim.rows.len() - decided.len();
        let finished = self.finish(lease, &decided).await?;
        let retried = u64::try_from(to_be_retried).unwrap_or_default();
        self.metrics.count(&table::TRANSACTIONS_RETRIED, retried);
        if to_be_retried > 0 {
            warn!(to_be_retried, "enrichment is to be retried");
            return Ok(Processed::Ended(Ending::RetryLater));
        }
        Ok(Processed::Finished { rows: finished.total(), has_slices: finished.has_slices })
    }

    fn is_nearly_up(&self, deadline: SystemTime) -> bool {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        left < self.limits.stop_before_deadline
    }

    /// Begins a transaction when no other batch of this worker has one open. Waiting in the
    /// connection pool instead would fail as unavailable after [`Store::CONNECT_TIMEOUT`].
    async fn begin(&self, tenant: TenantId) -> Result<GuardedTx<'_>, StoreError> {
        let guard = self.connection.lock().await;
        Ok(GuardedTx { tx: self.store.begin(tenant).await?, _guard: guard })
    }

    async fn claim(&self, lease: &Lease) -> Result<Option<Claim>, StoreError> {
        let mut tx = self.begin(lease.tenant).await?;
        let claim = enrichment::claim(&mut tx, lease, self.limits.requeue_after).await;
        tx.end(claim).await
    }

    async fn claim_expired(&self, lease: &Lease) -> Result<Option<Claim>, StoreError> {
        let mut tx = self.begin(lease.tenant).await?;
        let claim = enrichment::claim_expired(&mut tx, lease).await;
        tx.end(claim).await
    }

    /// Writes decisions and ends the lease.
    async fn finish(
        &self,
        lease: &Lease,
        decided: &[Decision<'_>],
    ) -> Result<Finished, StoreError> {
        let outcomes: Vec<_> = decided.iter().map(Decision::outcome).collect();
        let mut tx = self.begin(lease.tenant).await?;
        let finished = enrichment::finish(&mut tx, lease, rules_version(), &outcomes).await;
        let finished = tx.end(finished).await?;
        self.unfolded.fetch_add(finished.total(), Ordering::Relaxed);
        self.measure(&finished);
        if finished.failed > 0 {
            warn!(failed = finished.failed, "transactions failed");
        }
        if usize::try_from(finished.total()) != Ok(outcomes.len()) {
            let finished = finished.total();
            warn!(finished, decided = outcomes.len(), "rows were updated, or the lease was lost");
        }
        Ok(finished)
    }

    fn measure(&self, finished: &Finished) {
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        self.metrics.count(&table::TRANSACTIONS_COMPLETED, count(finished.completed()));
        self.metrics.count(&table::TRANSACTIONS_FAILED, count(finished.failed));
        for category in domain::Category::ALL {
            let name = category.as_str();
            if let Some(completed) = finished.completed.get(name) {
                self.metrics.count_of(&table::TRANSACTIONS_CATEGORISED, name, count(*completed));
            }
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.begin(lease.tenant).await?;
        let released = enrichment::release(&mut tx, lease).await;
        tx.end(released).await
    }

    /// Marks the batch as finished if nothing is left, and folds its sums if they are many.
    async fn finish_batch(&self, message: &EnrichMessage) -> Result<RemainingWork, StoreError> {
        let (tenant, batch) = (message.tenant, message.batch);
        let mut tx = self.begin(tenant).await?;
        let outcome = async {
            batches::lock(&mut tx, tenant, batch).await?;
            let outcome = batches::finish_if_done(&mut tx, tenant, batch).await?;
            if outcome.lag_ms.is_some() && self.unfolded.load(Ordering::Relaxed) >= FOLD_AFTER {
                report::fold_batch(&mut tx, tenant, batch).await?;
                self.unfolded.store(0, Ordering::Relaxed);
            }
            Ok(outcome)
        };
        let outcome = outcome.await;
        let outcome = tx.end(outcome).await?;
        if let Some(lag_ms) = outcome.lag_ms {
            let lag_ms = u64::try_from(lag_ms).unwrap_or_default();
            self.metrics.observe(&table::ENRICHMENT_LAG, lag_ms);
        }
        Ok(outcome.remaining)
    }
}

/// Which slice a worker claims next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Free,
    /// One whose worker died.
    Expired,
}

/// The result of processing a claim.
enum Processed {
    /// There was no slice to claim.
    Nothing,
    /// All rows are finished.
    Finished { rows: i64, has_slices: bool },
    /// The batch cannot be continued now.
    Ended(Ending),
}
