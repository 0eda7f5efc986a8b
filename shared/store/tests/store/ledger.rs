//! Shared by the tests: a tenant's ledger in its own database, and operations on its batches.

use std::time::{Duration, Instant};

use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, OpenPeriod, TenantId, Transaction};
use tributary_store::batches::{FinishOutcome, RemainingWork};
use tributary_store::enrichment::{self, Category, Claim, ClaimedTransaction, Lease, Outcome};
use tributary_store::transactions::stored::StoredTransaction;
use tributary_store::transactions::{self, PageQuery, Written};
use tributary_store::{Store, Tx, batches, check};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{divide, write};
use uuid::Uuid;

/// Long enough for a test on a busy machine.
pub const LEASE: Duration = Duration::from_secs(60);
/// A lease that has expired when the next database transaction begins.
pub const EXPIRED_LEASE: Duration = Duration::ZERO;

/// When relay announces a batch again after a claim.
pub const REQUEUE_AFTER: Duration = Duration::from_secs(15 * 60);

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

    /// Creates another tenant in the same database, with its own connection.
    pub async fn other_tenant(&self, name: &str) -> (Store, TenantId) {
        (self.database.store(), self.database.tenant(name).await)
    }

    pub async fn begin(&self) -> Tx {
        self.store.begin(self.tenant).await.unwrap()
    }

    /// Begins a database transaction on another connection.
    pub async fn begin_on_new_connection(&self) -> Tx {
        self.database.store().begin(self.tenant).await.unwrap()
    }

    /// Runs a statement as the owner of the tables.
    pub async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.connection().await).await.unwrap();
    }

    /// Runs a `select count(*)` as the owner of the tables.
    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.database.connection().await).await.unwrap()
    }

    /// Writes a batch with the accounts of its transactions.
    pub async fn write(&self, bookings: &[Transaction]) -> (BatchId, Written) {
        write(&self.store, self.tenant, bookings).await.unwrap()
    }

    /// Removes a transaction of the account `acc`, and commits.
    pub async fn remove(&self, transaction_id: &str) {
        let mut tx = self.begin_on_new_connection().await;
        let removed = transactions::remove_one(&mut tx, self.tenant, "acc", transaction_id).await;
        assert!(removed.unwrap(), "{transaction_id} is not stored");
        tx.commit().await.unwrap();
    }

    /// All rows of all tenants, by id.
    pub async fn rows(&self) -> Vec<StoredTransaction> {
        let mut connection = self.database.connection().await;
        check::stored::transactions(&mut connection).await.unwrap()
    }

    pub fn lease(&self, batch: BatchId, duration: Duration) -> Lease {
        Lease { tenant: self.tenant, batch, token: LeaseToken(Uuid::now_v7()), duration }
    }

    /// Writes a batch whose work is divided into slices of `size` positions.
    pub async fn write_in_slices(&self, bookings: &[Transaction], size: i32) -> BatchId {
        let (batch, _) = self.write(bookings).await;
        divide(&mut self.database.connection().await, batch, size).await.unwrap();
        batch
    }

    /// Claims a free slice, and commits. Returns its pending rows, which are none if there is no
    /// free slice.
    pub async fn claim(
        &self,
        batch: BatchId,
        duration: Duration,
    ) -> (Lease, Vec<ClaimedTransaction>) {
        let lease = self.lease(batch, duration);
        let mut tx = self.begin().await;
        let claim = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap();
        tx.commit().await.unwrap();
        (lease, claim.map(|claim| claim.rows).unwrap_or_default())
    }

    /// Claims a part of a slice whose lease has expired, and commits.
    pub async fn claim_expired(
        &self,
        batch: BatchId,
        duration: Duration,
    ) -> (Lease, Option<Claim>) {
        let lease = self.lease(batch, duration);
        let mut tx = self.begin().await;
        let claim = enrichment::claim_expired(&mut tx, &lease).await.unwrap();
        tx.commit().await.unwrap();
        (lease, claim)
    }

    /// Finishes rows with the same result, ends the lease, and commits. Returns how many were
    /// written.
    pub async fn finish(
        &self,
        lease: &Lease,
        rows: &[ClaimedTransaction],
        result: Result<Category<'_>, &str>,
    ) -> i64 {
        self.finish_as(lease, rows, |_| result).await
    }

    /// Finishes rows with a result for each id, ends the lease, and commits. Returns how many were
    /// written.
    pub async fn finish_as<'r>(
        &self,
        lease: &Lease,
        rows: &[ClaimedTransaction],
        result_of: impl Fn(&str) -> Result<Category<'r>, &'r str>,
    ) -> i64 {
        let outcomes: Vec<_> =
            rows.iter().map(|row| outcome(row, result_of(&row.transaction_id))).collect();
        let mut tx = self.begin().await;
        let written = enrichment::finish(&mut tx, lease, "rules-1", &outcomes).await.unwrap();
        tx.commit().await.unwrap();
        written.total()
    }

    /// Releases and commits.
    pub async fn release(&self, lease: &Lease) {
        let mut tx = self.begin().await;
        enrichment::release(&mut tx, lease).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Claims and completes all free slices of a batch.
    pub async fn complete(&self, batch: BatchId) {
        loop {
            let lease = self.lease(batch, LEASE);
            let mut tx = self.begin().await;
            let claim = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap();
            tx.commit().await.unwrap();
            let Some(claim) = claim else { return };
            let written = self.finish(&lease, &claim.rows, Ok(SHOPPING)).await;
            assert_eq!(usize::try_from(written), Ok(claim.rows.len()));
        }
    }

    pub async fn finish_if_done(&self, batch: BatchId) -> RemainingWork {
        self.finish_batch(batch).await.remaining
    }

    /// Marks a batch as finished if no work remains, and commits.
    pub async fn finish_batch(&self, batch: BatchId) -> FinishOutcome {
        let mut tx = self.begin().await;
        batches::lock(&mut tx, self.tenant, batch).await.unwrap();
        let outcome = batches::finish_if_done(&mut tx, self.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    }

    /// Waits until a connection to this database is blocked by a lock.
    pub async fn wait_for_blocked_connection(&self) {
        self.wait_for_blocked_connections(1).await;
    }

    /// Waits until so many connections to this database are blocked by locks.
    pub async fn wait_for_blocked_connections(&self, count: usize) {
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
            if usize::try_from(waiting).is_ok_and(|waiting| waiting >= count) {
                return;
            }
            assert!(Instant::now() < deadline, "too few connections were blocked by locks");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Retries the failed rows of a batch, as ingest does. Returns how many.
    pub async fn retry(&self, batch: BatchId) -> i64 {
        let mut tx = self.begin().await;
        assert!(batches::lock(&mut tx, self.tenant, batch).await.unwrap());
        let retried = enrichment::retry_failed(&mut tx, self.tenant, batch).await.unwrap();
        if retried > 0 {
            batches::reopen(&mut tx, self.tenant, batch, 1, REQUEUE_AFTER).await.unwrap();
        }
        tx.commit().await.unwrap();
        retried
    }

    pub async fn progress(&self, batch: BatchId) -> batches::Progress {
        batches::progress(&mut *self.begin().await, self.tenant, batch).await.unwrap().unwrap()
    }
}

/// All transactions of an account, up to 100.
pub fn account_page(account_id: &str) -> PageQuery<'_> {
    PageQuery {
        account_id,
        period: OpenPeriod::default(),
        include_removed: false,
        status: None,
        category: None,
        text: None,
        after: None,
        limit: 100,
    }
}

pub fn outcome<'r>(row: &ClaimedTransaction, result: Result<Category<'r>, &'r str>) -> Outcome<'r> {
    Outcome { position: row.position, revision: row.revision, result }
}

/// The ids of claimed rows, in order.
pub fn ids(claimed: &[ClaimedTransaction]) -> Vec<&str> {
    claimed.iter().map(|row| row.transaction_id.as_str()).collect()
}
