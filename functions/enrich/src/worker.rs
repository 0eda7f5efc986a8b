//! One worker on one batch: claim, categorise, finish, until nothing is left or time is nearly up.
//!
//! No database transaction is open while a categoriser thinks. Any number of workers may be on the
//! same batch, and any of them may die: what it held is claimable again when its lease runs out.

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

/// How many rows are claimed at a time.
pub const CLAIM_MAX: i64 = 500;
/// How many of them are categorised at the same time.
pub const CATEGORIZE_CONCURRENCY: usize = 500;
/// How often a row is tried before it is given up.
pub const ATTEMPTS_MAX: i32 = 5;

/// Why a row is given up that no attempt finished: shown to its tenant.
const REASON_ATTEMPTS: &str = "gave up after the most attempts that are made";

/// How long a worker may hold rows and how early it stops.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long claimed rows are held: longer than categorising a claim takes, shorter than the
    /// queue's visibility timeout, so that a message that comes back finds its rows claimable.
    pub lease: Duration,
    /// How long before its deadline a worker claims nothing more: longer than a claim's work takes.
    pub stop_before_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lease: Duration::from_secs(60), stop_before_deadline: Duration::from_secs(10) }
    }
}

/// How a worker's turn on a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is left, or nothing but what other workers hold, whose messages see to it.
    NothingLeft,
    /// Rows are pending that someone else has locked at this moment, such as a batch that brings them again.
    LockedOut,
    /// Time is nearly up and there may be more.
    OutOfTime,
    /// Some rows could not be categorised now; they are pending again.
    ToBeRetried,
    /// The process is asked to end; what was held is pending again.
    Stopped,
}

/// A turn that could not be brought to an end. Trying again later may work.
#[derive(Debug, thiserror::Error)]
#[error("the batch could not be worked on")]
pub struct WorkError(#[from] StoreError);

/// Enriches batches.
pub struct Worker {
    store: Store,
    categorizer: Box<dyn Categorizer>,
    limits: Limits,
    stop: CancellationToken,
    metrics: Metrics,
    /// Whose turn it is on the store's one connection.
    turn: Mutex<()>,
}

/// A transaction of the batch whose turn it is.
struct Turn<'w> {
    // Dropped first: the connection is free before the next one's turn.
    tx: Tx,
    _turn: MutexGuard<'w, ()>,
}

impl Turn<'_> {
    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

impl Deref for Turn<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

impl Worker {
    /// A worker on a store with a categoriser; when `stop` is cancelled it lets go of what it holds. What
    /// it measures is gathered in `metrics`.
    #[must_use]
    pub fn new(
        store: Store,
        categorizer: Box<dyn Categorizer>,
        limits: Limits,
        stop: CancellationToken,
        metrics: Metrics,
    ) -> Self {
        Self { store, categorizer, limits, stop, metrics, turn: Mutex::new(()) }
    }

    /// Where measures are gathered.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How long rows are held that a turn left without an end.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        self.limits.lease
    }

    /// Works on a batch until nothing is left or the deadline is near.
    ///
    /// # Errors
    /// [`WorkError`] if the store fails; rows held then are claimable again after their lease.
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
                    RemainingWork::Pending => Ending::LockedOut,
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
                return Ok(Ending::ToBeRetried);
            }
            info!(finished, "enrichment progressed");
        }
    }

    fn is_nearly_up(&self, deadline: SystemTime) -> bool {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        left < self.limits.stop_before_deadline
    }

    /// Begins a transaction when no other batch of this worker has one: whoever waited for the connection
    /// itself would after [`Store::CONNECT_TIMEOUT`] be told that PostgreSQL is away.
    async fn begin(&self, tenant: TenantId) -> Result<Turn<'_>, StoreError> {
        let turn = self.turn.lock().await;
        Ok(Turn { tx: self.store.begin(tenant).await?, _turn: turn })
    }

    async fn claim(&self, lease: &Lease) -> Result<Vec<ClaimedTransaction>, StoreError> {
        let mut tx = self.begin(lease.tenant).await?;
        let claimed = enrichment::claim(&mut tx, lease, CLAIM_MAX).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Categorises rows side by side. A row that may succeed later is not in the answer.
    async fn decide_all<'r>(&self, claimed: &'r [ClaimedTransaction]) -> Vec<Decision<'r>> {
        futures::stream::iter(claimed)
            .map(|row| self.decide(row))
            .buffer_unordered(CATEGORIZE_CONCURRENCY)
            .filter_map(std::future::ready)
            .collect()
            .await
    }

    async fn decide<'r>(&self, row: &'r ClaimedTransaction) -> Option<Decision<'r>> {
        // A row that takes its worker down never gets as far as an error: its attempts tell.
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

    /// Writes decisions, and lets go of the rows that have none.
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
            // Not in the same transaction: it would take its locks after those of the finished rows, and
            // wait in a circle with a batch that revises both in the order of their ids.
            self.release(lease).await?;
        }
        if usize::try_from(finished) != Ok(outcomes.len()) {
            warn!(finished, decided = outcomes.len(), "rows were taken over while they were held");
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

/// What was decided about a row.
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
