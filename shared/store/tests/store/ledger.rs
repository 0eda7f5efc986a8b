//! What the tests share: a tenant's ledger in a database of its own, and what is done with its
//! batches.

use std::time::{Duration, Instant};

use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId, Transaction};
use tributary_store::batches::{FinishOutcome, RemainingWork};
use tributary_store::enrichment::{self, Category, ClaimedTransaction, Lease, Outcome};
use tributary_store::transactions::Written;
use tributary_store::{Store, Tx, batches};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::write;
use uuid::Uuid;

/// Long enough for a test on a busy machine.
pub const LEASE: Duration = Duration::from_secs(60);
/// A lease that has run out when the next transaction begins.
pub const NO_LEASE: Duration = Duration::ZERO;

pub const SHOPPING: Category<'static> = Category {
    category: "Shopping",
    primary_code: "GENERAL_MERCHANDISE",
    detailed_code: "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES",
    confidence: "HIGH",
    rule: "word:amazon",
};

pub struct Ledger {
    pub database: TestDatabase,
    pub store: Store,
    pub tenant: TenantId,
}

impl Ledger {
    pub async fn new() -> Self {
        let database = TestDatabase::create().await;
        let tenant = database.tenant("first").await;
        Self { store: database.store(), database, tenant }
    }

    /// A tenant of that name in the same database, over a connection of its own.
    pub async fn of_other_tenant(&self, name: &str) -> (Store, TenantId) {
        (self.database.store(), self.database.tenant(name).await)
    }

    pub async fn begin(&self) -> Tx {
        self.store.begin(self.tenant).await.unwrap()
    }

    /// A transaction over another connection.
    pub async fn begin_beside(&self) -> Tx {
        self.database.store().begin(self.tenant).await.unwrap()
    }

    /// Writes a batch with the accounts that its transactions name.
    pub async fn write(&self, bookings: &[Transaction]) -> (BatchId, Written) {
        write(&self.store, self.tenant, bookings).await.unwrap()
    }

    pub fn lease(&self, batch: BatchId, duration: Duration) -> Lease {
        Lease { tenant: self.tenant, batch, token: LeaseToken(Uuid::now_v7()), duration }
    }

    /// Claims and commits.
    pub async fn claim(
        &self,
        batch: BatchId,
        duration: Duration,
        limit: i64,
    ) -> (Lease, Vec<ClaimedTransaction>) {
        let lease = self.lease(batch, duration);
        let mut tx = self.begin().await;
        let claimed = enrichment::claim(&mut tx, &lease, limit).await.unwrap();
        tx.commit().await.unwrap();
        (lease, claimed)
    }

    /// Finishes with one result for all, and commits. Answers how many rows were written.
    pub async fn finish(
        &self,
        lease: &Lease,
        ids: &[&str],
        result: Result<Category<'_>, &str>,
    ) -> i64 {
        let outcomes: Vec<_> =
            ids.iter().map(|id| Outcome { transaction_id: id, result }).collect();
        let mut tx = self.begin().await;
        let written = enrichment::finish(&mut tx, lease, "rules-1", &outcomes).await.unwrap();
        tx.commit().await.unwrap();
        written.total()
    }

    /// Releases and commits.
    pub async fn release(&self, lease: &Lease) -> i64 {
        let mut tx = self.begin().await;
        let released = enrichment::release(&mut tx, lease).await.unwrap();
        tx.commit().await.unwrap();
        released
    }

    /// Claims everything of a batch and completes it.
    pub async fn complete(&self, batch: BatchId) {
        let (lease, claimed) = self.claim(batch, LEASE, 10_000).await;
        let written = self.finish(&lease, &ids(&claimed), Ok(SHOPPING)).await;
        assert_eq!(usize::try_from(written), Ok(claimed.len()));
    }

    pub async fn finish_if_done(&self, batch: BatchId) -> RemainingWork {
        self.finish_batch(batch).await.remaining
    }

    pub async fn finish_batch(&self, batch: BatchId) -> FinishOutcome {
        let mut tx = self.begin().await;
        batches::lock(&mut tx, self.tenant, batch).await.unwrap();
        let outcome = batches::finish_if_done(&mut tx, self.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    }

    /// Until some connection of this database waits for a lock.
    pub async fn until_someone_waits(&self) {
        let mut connection = self.database.connection().await;
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity \
                 where datname = current_database() and wait_event_type = 'Lock'",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if waiting > 0 {
                return;
            }
            assert!(Instant::now() < deadline, "nobody ever waited");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Retries what failed of a batch, as ingest does. Answers how many.
    pub async fn retry(&self, batch: BatchId) -> i64 {
        let mut tx = self.begin().await;
        assert!(batches::lock(&mut tx, self.tenant, batch).await.unwrap());
        let retried = enrichment::retry_failed(&mut tx, self.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
        retried
    }

    pub async fn progress(&self, batch: BatchId) -> batches::Progress {
        batches::progress(&mut *self.begin().await, self.tenant, batch).await.unwrap().unwrap()
    }
}

pub fn ids(claimed: &[ClaimedTransaction]) -> Vec<&str> {
    claimed.iter().map(|row| row.transaction_id.as_str()).collect()
}
