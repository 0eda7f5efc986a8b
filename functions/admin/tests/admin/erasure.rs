//! `erase`: nothing of what was erased is left, and everything else adds up, while others write.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use admin::Admin;
use admin::Operation;
use admin::check::Verdict;
use admin::erase::{Erase, Erased};
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, TenantId, Transaction};
use tributary_store::batches::{self, Progress};
use tributary_store::check::{self, Options};
use tributary_store::enrichment::{self, Category, Lease, Outcome};
use tributary_store::{Store, StoreError, report, tenants};
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{booking, divide, write};
use uuid::Uuid;

use super::{admin_of, handle};

/// Occurs in everything that is to be erased, and nowhere else.
const PLANTED: &str = "planted";
const LEASE: Duration = Duration::from_secs(60);

struct Bench {
    database: TestDatabase,
    admin: Admin,
    store: Store,
    tenant: TenantId,
}

impl Bench {
    async fn new(tenant: &str) -> Self {
        let database = TestDatabase::create().await;
        let (admin, store) = (admin_of(database.url()), database.store());
        let tenant = database.tenant(tenant).await;
        Self { database, admin, store, tenant }
    }

    async fn execute(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&mut self.database.connection().await).await.unwrap();
    }

    async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.database.connection().await).await.unwrap()
    }

    /// Claims the next free slice of a batch. Returns whether there was one.
    async fn work(&self, batch: BatchId) -> bool {
        enrich(&self.store, self.tenant, batch).await
    }

    async fn progress(&self, batch: BatchId) -> Option<Progress> {
        let mut tx = self.store.begin(self.tenant).await.unwrap();
        let progress = batches::progress(&mut tx, self.tenant, batch).await.unwrap();
        tx.rollback().await.unwrap();
        progress
    }

    /// Folds the packs of all tenants.
    async fn fold(&self) {
        let mut tx = self.store.begin_for_all().await.unwrap();
        report::fold(&mut tx, 1_000).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Asserts that the planted text is in no row and that all checks pass.
    async fn assert_erased(&self) {
        let mut connection = self.database.connection().await;
        let found = search(&mut connection).await;
        assert!(found.is_empty(), "{found:#?}");
        let checked = self.check().await;
        let failed: Vec<_> = checked.iter().filter(|verdict| !verdict.holds()).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }

    async fn check(&self) -> Vec<Verdict> {
        let options = Options { settled: false, grace: LEASE };
        check::run_by_tenant(&self.database.store(), options).await.unwrap()
    }

    /// Checks again and again, also while rows are being erased.
    async fn check_until(&self, stop: &AtomicBool) {
        while !stop.load(Ordering::SeqCst) {
            let checked = self.check().await;
            let failed: Vec<_> = checked.iter().filter(|verdict| !verdict.holds()).collect();
            assert!(failed.is_empty(), "{failed:#?}");
        }
    }

    async fn erase(&self, tenant: &str, account: Option<&str>) -> Erased {
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
async fn enrich(store: &Store, tenant: TenantId, batch: BatchId) -> bool {
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
async fn search(connection: &mut PgConnection) -> Vec<String> {
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
fn planted(account_id: &str, ids: std::ops::Range<usize>, amount: &str) -> Vec<Transaction> {
    ids.map(|index| Transaction {
        description: format!("{PLANTED} description"),
        merchant_name: Some(format!("{PLANTED} merchant")),
        ..of_account(account_id, booking(&format!("{PLANTED}_{index:04}"), amount))
    })
    .collect()
}

/// Writes batches of new transactions until it is told to stop or refused. Returns how many.
async fn write_until(
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
async fn plant_tenant(bench: &Bench) {
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_tenant_is_left_while_others_write() {
    let bench = Bench::new("planted tenant").await;
    plant_tenant(&bench).await;
    bench
        .execute(
            "insert into api_keys (tenant_id, api_key_id, name, prefix, key_hash, scopes) \
             select tenant_id, gen_random_uuid(), 'planted', 'trb_00000000', sha256('x'), \
             '{admin}' \
             from tenants",
        )
        .await;
    assert!(search(&mut bench.database.connection().await).await.len() > 500);
    let other = bench.database.tenant("other").await;
    let (stop, written, refused) = <(AtomicBool, AtomicUsize, AtomicUsize)>::default();
    let never = AtomicBool::new(false);
    let (erased, ..) = tokio::join!(
        async {
            while written.load(Ordering::SeqCst) < 3 || refused.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
            let erased = bench.erase("planted tenant", None).await;
            stop.store(true, Ordering::SeqCst);
            erased
        },
        bench.check_until(&stop),
        write_until(bench.database.store(), other, "acc", "other", &stop, &written),
        write_until(
            bench.database.store(),
            bench.tenant,
            "planted_account",
            "planted_late",
            &never,
            &refused
        ),
    );
    assert!(erased.is_done && erased.rows > 700, "{erased:?}");
    bench.assert_erased().await;
    let batches = usize::try_from(bench.count("select count(*) from batches").await).unwrap();
    assert_eq!(batches, written.load(Ordering::SeqCst), "every batch of the other tenant");
    let total = bench.count("select count(*) from transactions").await;
    assert_eq!(usize::try_from(total).unwrap(), batches * 20);
    let event = json!({"operation": "erase", "tenant": "planted tenant"});
    let error = handle(&bench.admin, event.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "tenant: unknown tenant");
    let event = json!({"operation": "erase", "tenant": "planted tenant", "is_continued": true});
    assert_eq!(handle(&bench.admin, event).await.unwrap(), json!({"rows": 0, "is_done": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_continues_after_it_was_interrupted() {
    let bench = Bench::new("planted tenant").await;
    plant_tenant(&bench).await;
    let mut interruptions = 0;
    for limit_ms in 1_u64.. {
        let erase = Erase {
            tenant: "planted tenant".to_owned(),
            account: None,
            is_continued: interruptions > 0,
        };
        // A process of its own each time, which dies in the middle of a statement.
        let admin = admin_of(bench.database.url());
        let limit = Duration::from_millis(limit_ms.pow(2));
        match tokio::time::timeout(limit, erase.run(&admin)).await {
            Ok(erased) => {
                assert!(erased.unwrap().is_done);
                break;
            }
            Err(_) => interruptions += 1,
        }
    }
    assert!(interruptions > 2, "{interruptions}");
    bench.assert_erased().await;
}

#[tokio::test]
async fn marked_tenant_is_rejected_everywhere() {
    let bench = Bench::new("tenant").await;
    write(&bench.store, bench.tenant, &planted("acc", 0..1, "-1")).await.unwrap();
    bench.execute("update tenants set erasing_at = now()").await;
    let error = write(&bench.store, bench.tenant, &planted("acc", 1..2, "-1")).await.unwrap_err();
    assert!(matches!(error, StoreError::DuplicateKey { .. }), "{error:?}");
    let mut tx = bench.database.store().begin_for_all().await.unwrap();
    assert!(!tenants::exists(&mut tx, bench.tenant).await.unwrap(), "authorize asks for it");
    let create = json!({
        "operation": "keys_create", "tenant": "tenant", "name": "n", "scopes": ["ingest"]
    });
    let admin = admin_of(bench.database.url()).with_peppers(super::keys::peppers());
    let error = handle(&admin, create).await.unwrap_err();
    assert_eq!(error.to_string(), "tenant: the tenant is being erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn account_is_erased_while_its_tenant_goes_on_working() {
    let bench = Bench::new("tenant").await;
    let (store, tenant) = (&bench.store, bench.tenant);
    let account = "planted_account";
    let mixed = |ids: std::ops::Range<usize>, name: &str| {
        let others = ["a", "fails", "b"].map(|id| booking(&format!("{name}_{id}"), "-1"));
        let [first, second, third] = others;
        [vec![first], planted(account, ids, "-1"), vec![second, third]].concat()
    };
    let (only, _) = write(store, tenant, &planted(account, 0..10, "-1")).await.unwrap();
    let (mixed_finished, _) = write(store, tenant, &mixed(5..20, "finished")).await.unwrap();
    while bench.work(only).await || bench.work(mixed_finished).await {}
    // A pair, revisions, and a batch whose transactions belong to others by now.
    let pending = Transaction { is_pending: true, ..planted(account, 30..31, "-1").remove(0) };
    let posted = Transaction {
        pending_transaction_id: Some(pending.transaction_id.clone()),
        ..planted(account, 31..32, "-1").remove(0)
    };
    write(store, tenant, &[pending, posted]).await.unwrap();
    let (unfinished, _) = write(store, tenant, &mixed(10..40, "unfinished")).await.unwrap();
    divide(&mut bench.database.connection().await, unfinished, 4).await.unwrap();
    assert!(bench.work(unfinished).await, "some of its slices are finished");
    // One whose list was removed, and one that lists a transaction that was deleted by age.
    let (without_list, _) = write(store, tenant, &planted(account, 50..52, "-1")).await.unwrap();
    while bench.work(without_list).await {}
    let (lists_deleted, _) = write(
        store,
        tenant,
        &[planted(account, 60..61, "-1"), vec![booking("kept", "-1")]].concat(),
    )
    .await
    .unwrap();
    while bench.work(lists_deleted).await {}
    bench.fold().await;
    bench
        .execute(
            "update batches set transaction_ids = null where transaction_ids[1] = 'planted_0050'; \
             insert into deleted_transactions \
             select tenant_id, 'planted_0060', 'planted_account' from tenants; \
             delete from transactions where transaction_id = 'planted_0060'; \
             update accounts set name = 'planted', mask = 'planted' \
             where account_id = 'planted_account'",
        )
        .await;

    let (stop, written, refused) = <(AtomicBool, AtomicUsize, AtomicUsize)>::default();
    let never = AtomicBool::new(false);
    let (erased, ..) = tokio::join!(
        async {
            while written.load(Ordering::SeqCst) < 3 || refused.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
            let erased = bench.erase("tenant", Some(account)).await;
            stop.store(true, Ordering::SeqCst);
            erased
        },
        bench.check_until(&stop),
        write_until(bench.database.store(), tenant, "acc", "other", &stop, &written),
        write_until(bench.database.store(), tenant, account, "planted_late", &never, &refused),
    );
    assert!(erased.is_done, "{erased:?}");
    bench.assert_erased().await;

    for batch in [only, without_list] {
        assert!(bench.progress(batch).await.is_none(), "nothing is left of it");
    }
    let finished = bench.progress(mixed_finished).await.unwrap();
    assert_eq!((finished.counts.completed, finished.counts.failed, finished.erased), (2, 1, 15));
    assert_eq!(bench.progress(lists_deleted).await.unwrap().erased, 1);

    // The unfinished batch is finished, and what failed is retried at its position.
    while bench.work(unfinished).await {}
    let progress = bench.progress(unfinished).await.unwrap();
    assert!(progress.finished_at.is_some());
    assert_eq!((progress.counts.completed, progress.counts.failed, progress.erased), (2, 1, 30));
    let mut tx = store.begin(tenant).await.unwrap();
    batches::lock(&mut tx, tenant, unfinished).await.unwrap();
    assert_eq!(enrichment::retry_failed(&mut tx, tenant, unfinished).await.unwrap(), 1);
    batches::reopen(&mut tx, tenant, unfinished, 1, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    let position = "select batch_position::bigint from transactions \
                    where transaction_id = 'unfinished_fails'";
    assert_eq!(bench.count(position).await, 31);
    while bench.work(unfinished).await {}
    bench.assert_erased().await;

    // The account may come again.
    write(store, tenant, &planted(account, 0..1, "-1")).await.unwrap();
}
