//! Processes one batch: claims, categorises and finishes rows until none are left or the deadline
//! is near.
//!
//! No database transaction is open during categorisation. Any number of workers may process the
//! same batch. If one of them crashes, its rows can be claimed again when the lease expires.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use tributary_domain::TenantId;
use tributary_domain::categorise::{
    self as domain, Categorisation, CategorizeError, Categorizer, Input, rules_version,
};
use tributary_domain::identity::LeaseToken;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::EnrichMessage;
use tributary_store::batches::{self, RemainingWork};
use tributary_store::enrichment::{self, Category, ClaimedTransaction, Finished, Lease, Outcome};
use tributary_store::{Store, StoreError, Tx};
use uuid::Uuid;

/// The most rows of one claim.
pub const CLAIM_MAX: i64 = 500;
/// The most rows that are categorised concurrently.
pub const CATEGORIZE_CONCURRENCY: usize = 500;
/// The most attempts for a row before it fails.
pub const ATTEMPTS_MAX: i32 = 5;

/// The failure reason of a row after its last attempt. The tenant sees it.
const REASON_ATTEMPTS: &str = "the maximum number of attempts was reached";

/// The time limits of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The duration of a lease: longer than the categorisation of a claim and shorter than the
    /// visibility timeout of the queue, so that a redelivered message can claim its rows.
    pub lease: Duration,
    /// How long before the deadline the last claim may begin: longer than processing a claim takes.
    pub stop_before_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), stop_before_deadline: Duration::from_secs(10) }
    }
}

/// How the processing of a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All rows are finished or claimed by other workers.
    NothingLeft,
    /// Other transactions have locked the pending rows, for example a batch that updates them.
    Locked,
    /// The deadline is near and there may be rows left.
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
}

/// A database transaction with the guard of its connection.
struct GuardedTx<'w> {
    // Dropped first, so that the connection is free before the guard.
    tx: Tx,
    _guard: MutexGuard<'w, ()>,
}

impl GuardedTx<'_> {
    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
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
        Self { store, categorizer, limits, stop, metrics, connection: Mutex::new(()) }
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

    /// Processes a batch until no rows are left or the deadline is near.
    ///
    /// # Errors
    /// [`WorkError`] if the store fails. Claimed rows can be claimed again when their
    /// lease expires.
    pub async fn work(
        &self,
        message: &EnrichMessage,
        deadline: SystemTime,
    ) -> Result<Ending, WorkError> {
        let mut finished = 0;
        loop {
            if self.stop.is_cancelled() {
                return Ok(Ending::Stopped);
            }
            if self.is_nearly_up(deadline) {
                info!(finished, "enrichment out of time");
                return Ok(Ending::OutOfTime);
            }
            let lease = Lease {
                tenant: message.tenant,
                batch: message.batch,
                token: LeaseToken(Uuid::now_v7()),
                duration: self.limits.lease,
            };
            let claimed = self.claim(&lease).await?;
            if claimed.is_empty() {
                let ending = match self.finish_batch(message).await? {
                    RemainingWork::Nothing | RemainingWork::Leased => Ending::NothingLeft,
                    RemainingWork::Pending => Ending::Locked,
                };
                info!(finished, ?ending, "enrichment ended");
                return Ok(ending);
            }
            debug!(claimed = claimed.len(), "rows claimed");
            let Some(decided) = self.stop.run_until_cancelled(self.decide_all(&claimed)).await
            else {
                self.release(&lease).await?;
                info!(finished, "enrichment stopped");
                return Ok(Ending::Stopped);
            };
            let to_be_retried = claimed.len() - decided.len();
            let retried = u64::try_from(to_be_retried).unwrap_or_default();
            finished += self.finish(&lease, &decided, to_be_retried > 0).await?;
            self.metrics.count(&table::TRANSACTIONS_RETRIED, retried);
            if to_be_retried > 0 {
                warn!(finished, to_be_retried, "enrichment is to be retried");
                return Ok(Ending::RetryLater);
            }
            info!(finished, "enrichment progressed");
        }
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

    async fn claim(&self, lease: &Lease) -> Result<Vec<ClaimedTransaction>, StoreError> {
        let mut tx = self.begin(lease.tenant).await?;
        let claimed = enrichment::claim(&mut tx, lease, CLAIM_MAX).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Categorises rows concurrently. The result omits rows that must be retried.
    async fn decide_all<'r>(&self, claimed: &'r [ClaimedTransaction]) -> Vec<Decision<'r>> {
        futures::stream::iter(claimed)
            .map(|row| self.decide(row))
            .buffer_unordered(CATEGORIZE_CONCURRENCY)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    async fn decide<'r>(&self, row: &'r ClaimedTransaction) -> Option<Decision<'r>> {
        // A row that crashes its worker never returns an error, but its attempts are counted.
        if row.attempts > ATTEMPTS_MAX {
            return Some(Decision::give_up(row));
        }
        let input = Input {
            merchant_name: row.merchant_name.as_deref(),
            description: &row.description,
            merchant_category_code: row.merchant_category_code.as_deref(),
            is_income: row.is_income,
        };
        match self.categorizer.categorize(input).await {
            Ok(category) => Some(Decision { row, result: Ok(category) }),
            Err(CategorizeError::Permanent { reason }) => {
                Some(Decision { row, result: Err(reason) })
            }
            Err(error @ CategorizeError::Transient(_)) => {
                debug!(attempts = row.attempts, error = %Chain(&error), "attempt failed");
                (row.attempts >= ATTEMPTS_MAX).then(|| Decision::give_up(row))
            }
        }
    }

    /// Writes decisions and releases the other rows if `release_rest` is set.
    async fn finish(
        &self,
        lease: &Lease,
        decided: &[Decision<'_>],
        release_rest: bool,
    ) -> Result<i64, StoreError> {
        let outcomes: Vec<_> = decided.iter().map(Decision::outcome).collect();
        let mut tx = self.begin(lease.tenant).await?;
        let finished = enrichment::finish(&mut tx, lease, rules_version(), &outcomes).await?;
        tx.commit().await?;
        self.measure(&finished);
        if finished.failed > 0 {
            warn!(failed = finished.failed, "transactions failed");
        }
        let finished = finished.total();
        if release_rest {
            // A transaction of its own: locking these rows after the finished ones could deadlock
            // with a batch that updates both in the order of their ids.
            self.release(lease).await?;
        }
        if usize::try_from(finished) != Ok(outcomes.len()) {
            warn!(finished, decided = outcomes.len(), "lease lost; others have claimed its rows");
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
        enrichment::release(&mut tx, lease).await?;
        tx.commit().await
    }

    async fn finish_batch(&self, message: &EnrichMessage) -> Result<RemainingWork, StoreError> {
        let (tenant, batch) = (message.tenant, message.batch);
        let mut tx = self.begin(tenant).await?;
        batches::lock(&mut tx, tenant, batch).await?;
        let settled = batches::finish_if_done(&mut tx, tenant, batch).await?;
        tx.commit().await?;
        if let Some(lag_ms) = settled.lag_ms {
            let lag_ms = u64::try_from(lag_ms).unwrap_or_default();
            self.metrics.observe(&table::ENRICHMENT_LAG, lag_ms);
        }
        Ok(settled.remaining)
    }
}

/// The decision about a row.
struct Decision<'r> {
    row: &'r ClaimedTransaction,
    result: Result<Categorisation, String>,
}

impl<'r> Decision<'r> {
    fn give_up(row: &'r ClaimedTransaction) -> Self {
        Self { row, result: Err(REASON_ATTEMPTS.to_owned()) }
    }

    fn outcome(&self) -> Outcome<'_> {
        let result = match &self.result {
            Ok(decided) => Ok(Category {
                category: decided.category.as_str(),
                primary_code: &decided.primary_code,
                detailed_code: &decided.detailed_code,
                confidence: decided.confidence.as_str(),
                rule: &decided.rule,
            }),
            Err(reason) => Err(reason.as_str()),
        };
        Outcome { transaction_id: &self.row.transaction_id, result }
    }
}
