//! A database with planted rows, writers, and a search for what is left.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use admin::Admin;
use admin::Operation;
use admin::check::Verdict;
use admin::erase::{Erase, Erased};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId, Transaction};
use tributary_store::batches::{self, Progress};
use tributary_store::check::{self, Options};
use tributary_store::enrichment::{self, Category, Lease, Outcome};
use tributary_store::{Store, StoreError, report};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{booking, write};
use uuid::Uuid;

use crate::admin_of;

/// Occurs in everything that is to be erased, and nowhere else.
const PLANTED: &str = "planted";
pub const LEASE: Duration = Duration::from_secs(60);

pub struct Bench {
    pub database: TestDatabase,
    pub admin: Admin,
    pub store: Store,
    pub tenant: TenantId,
}

impl Bench {
    pub async fn new(tenant: &str) -> Self {
        let database = TestDatabase::create().await;
        let (admin, store) = (admin_of(database.url()), database.store());
        let tenant = database.tenant(tenant).await;
        Self { database, admin, store, tenant }
    }

    pub async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.connection().await).await.unwrap();
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.database.connection().await).await.unwrap()
    }

    /// Claims the next free slice of a batch. Returns whether there was one.
    pub async fn work(&self, batch: BatchId) -> bool {
        enrich(&self.store, self.tenant, batch).await
    }

    pub async fn progress(&self, batch: BatchId) -> Option<Progress> {
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let progress = batches::progress(&mut tx, self.tenant, batch).await.unwrap();
        tx.rollback().await.unwrap();
        progress
    }

    /// Folds the packs of all tenants.
    pub async fn fold(&self) {
        let mut tx = self.store.begin_for_all().await.unwrap();
        report::fold(&mut tx, 1_000).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Asserts that the planted text is in no row and that all checks pass.
    pub async fn assert_erased(&self) {
        let mut connection = self.database.connection().await;
        let found = search(&mut connection).await;
        assert!(found.is_empty(), "{found:#?}");
        let checked = self.check().await;
        let failed: Vec<_> = checked.iter().filter(|verdict| !verdict.holds()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    pub async fn check(&self) -> Vec<Verdict> {
        let options = Options { settled: false, grace: LEASE };
        check::run_by_tenant(&self.database.store(), options).await.unwrap()
    }

    /// Checks again and again, also while rows are being erased.
    pub async fn check_until(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            let checked = self.check().await;
            let failed: Vec<_> = checked.iter().filter(|verdict| !verdict.holds()).collect();
            assert!(failed.is_empty(), "{failed:#?}");
        }
    }

    pub async fn erase(&self, tenant: &str, account: Option<&str>) -> Erased {
        let erase = Erase {
            tenant: tenant.to_owned(),
            account: account.map(str::to_owned),
            is_continued: false,
        };
        erase.run(&self.admin).await.unwrap()
    }
}

/// Claims a slice, fails the transactions whose id contains `fails`, completes the others, and
/// finishes the batch if nothing is left.
pub async fn enrich(store: &Store, tenant: TenantId, batch: BatchId) -> bool {
    let lease = Lease { tenant, batch, token: LeaseToken(Uuid::now_v7()), duration: LEASE };
    let mut tx = store.begin(tenant).await.unwrap();
    let claim = enrichment::claim(&mut tx, &lease, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    let Some(claim) = claim else { return false };
    let category = Category {
        category: "Shopping",
        primary_code: "p",
        detailed_code: "d",
        confidence: "HIGH",
        rule: "r",
    };
    let outcomes: Vec<_> = claim
        .rows
        .iter()
        .map(|row| Outcome {
            position: row.position,
            revision: row.revision,
            result: if row.transaction_id.contains("fails") { Err("no") } else { Ok(category) },
        })
        .collect();
    let mut tx = store.begin(tenant).await.unwrap();
    enrichment::finish(&mut tx, &lease, "rules", &outcomes).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin(tenant).await.unwrap();
    batches::lock(&mut tx, tenant, batch).await.unwrap();
    batches::finish_if_done(&mut tx, tenant, batch).await.unwrap();
    tx.commit().await.unwrap();
    true
}

/// The rows of all tables that contain the planted text in any column.
pub async fn search(connection: &mut PgConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class \
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(tables.len() >= 11, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let query = format!(
            "select '{table}: ' || row::text from {table} as row where row::text like '%{PLANTED}%'"
        );
        let rows = connection.fetch_all(AssertSqlSafe(query)).await.unwrap();
        found.extend(rows.iter().map(|row| row.get::<String, _>(0)));
    }
    found
}

fn of_account(account_id: &str, transaction: Transaction) -> Transaction {
    Transaction { account_id: account_id.to_owned(), ..transaction }
}

/// Transactions of an account, with the planted text in their ids and content.
pub fn planted(account_id: &str, ids: std::ops::Range<usize>, amount: &str) -> Vec<Transaction> {
    ids.map(|index| Transaction {
        description: format!("{PLANTED} description"),
        merchant_name: Some(format!("{PLANTED} merchant")),
        ..of_account(account_id, booking(&format!("{PLANTED}_{index:04}"), amount))
    })
    .collect()
}

/// Writes batches of new transactions until `stop` is set or one is rejected. `written` counts the
/// accepted ones.
pub async fn write_until(
    store: Store,
    tenant: TenantId,
    account_id: &str,
    name: &str,
    stop: &AtomicBool,
    written: &AtomicUsize,
) {
    for round in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let sent: Vec<_> = (0..20)
            .map(|index| of_account(account_id, booking(&format!("{name}_{round}_{index}"), "-1")))
            .collect();
        match write(&store, tenant, &sent).await {
            Ok((batch, _)) => {
                written.fetch_add(1, Ordering::SeqCst);
                enrich(&store, tenant, batch).await;
            }
            Err(StoreError::DuplicateKey { .. }) => return,
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
}

/// A tenant with rows in every table, each with the planted text.
pub async fn plant_tenant(bench: &Bench) {
    let account = "planted_account";
    let (first, _) =
        write(&bench.store, bench.tenant, &planted(account, 0..300, "-1")).await.unwrap();
    while bench.work(first).await {}
    bench.fold().await;
    write(&bench.store, bench.tenant, &planted(account, 100..400, "-2")).await.unwrap();
    bench
        .execute(
            "update accounts set name = 'planted name', mask = 'planted'; \
             update batches set idempotency_key = 'planted ' || batch_id, \
             content_hash = '\\x01'::bytea || sha256('x'), correlation_id = 'planted', \
             trace_header = 'planted'; \
             insert into deleted_transactions \
             select tenant_id, 'planted', 'planted' from batches limit 1; \
             update retention_progress set next_account_id = 'planted_account', \
             next_tenant_id = (select tenant_id from batches limit 1)",
        )
        .await;
}
