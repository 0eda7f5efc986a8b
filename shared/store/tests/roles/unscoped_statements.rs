//! Statements without a condition on the tenant, sent directly to PostgreSQL and through PgBouncer
//! in transaction mode, where tenants share connections.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tributary_domain::TenantId;
use tributary_postgres::{Pooler, Postgres};
use tributary_store::{Store, StoreError, Tx, database, report, tenants};
use tributary_testkit::ledger::{bookings, write};
use uuid::Uuid;

use crate::server::{self, as_function, sqlstate, store};

/// More clients than the pooler has server connections.
const CLIENTS: usize = 12;
/// The name and the number of transactions of each tenant.
const TENANTS: [(&str, usize); 2] = [("first", 3), ("second", 5)];

/// A function and a table that it reads.
const READS: &[(&str, &str)] = &[
    ("ingest", "transactions"),
    ("ingest", "batches"),
    ("ingest", "accounts"),
    ("ingest", "slices"),
    ("enrich", "transactions"),
    ("enrich", "batches"),
    ("enrich", "slices"),
    ("enrich", "report_packs"),
    ("enrich", "report_days"),
    ("report", "transactions"),
    ("report", "batches"),
    ("report", "accounts"),
    ("report", "slices"),
    ("report", "report_days"),
    ("report", "report_packs"),
];

/// A function, a table and a statement that changes all rows of it.
const WRITES: &[(&str, &str, &str)] = &[
    ("ingest", "transactions", "update transactions set description = 'mine'"),
    ("ingest", "batches", "update batches set announce_at = now() where finished_at is null"),
    ("ingest", "accounts", "update accounts set name = 'mine'"),
    ("ingest", "slices", "update slices set attempts = 1"),
    ("enrich", "transactions", "update transactions set attempts = 1"),
    ("enrich", "batches", "update batches set started_at = now()"),
    ("enrich", "slices", "update slices set attempts = 1"),
    ("enrich", "slices", "delete from slices"),
    ("enrich", "report_packs", "delete from report_packs"),
    ("enrich", "report_days", "update report_days set amount = 1"),
];

/// A function and a statement that inserts a row; `?` is the tenant id.
const INSERTS: &[(&str, &str)] = &[
    (
        "ingest",
        "insert into accounts (tenant_id, account_id, name, account_type) \
         values ('?', 'x', 'n', 't')",
    ),
    (
        "ingest",
        "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted, \
         message_count, announce_at) \
         values ('?', gen_random_uuid(), 'c', '{x}', 1, 1, now())",
    ),
    (
        "enrich",
        "insert into report_days \
         (tenant_id, account_id, day, currency, state, kind, category, transaction_count, amount) \
         values ('?', 'acc', '2025-10-30', 'USD', 'open', 'income', '', 1, 1)",
    ),
];

/// Two tenants with the same transaction ids but different numbers of rows, on their own server.
struct TwoTenants {
    server: Postgres,
    /// The owner bypasses row-level security.
    owner: Store,
    tenants: [TenantId; 2],
}

impl TwoTenants {
    async fn new() -> Self {
        let server = server::start().await;
        database::create(&server.url("postgres"), "ledger", None).await.unwrap();
        let owner = store(&server.url("ledger"));
        owner.migrate().await.unwrap();
        let mut tenants = [TenantId(Uuid::nil()); 2];
        for ((name, count), tenant) in TENANTS.iter().zip(&mut tenants) {
            let mut tx = owner.begin_for_all().await.unwrap();
            let id = TenantId(Uuid::now_v7());
            *tenant = tenants::find_or_create(&mut tx, name, id).await.unwrap();
            tx.commit().await.unwrap();
            for booking in bookings(*count, "-1") {
                write(&owner, *tenant, &[booking]).await.unwrap();
            }
        }
        let mut tx = owner.begin_for_all().await.unwrap();
        report::fold(&mut tx, 1_000).await.unwrap();
        tx.commit().await.unwrap();
        for tenant in tenants {
            // Changes a transaction, so that there are also packs that are not folded.
            write(&owner, tenant, &bookings(1, "-2")).await.unwrap();
        }
        Self { server, owner, tenants }
    }

    /// Counts the rows of a tenant in a table, as the owner.
    async fn count(&self, table: &str, tenant: TenantId) -> i64 {
        let query = format!("select count(*) from {table} where tenant_id = '{tenant}'");
        number(&mut self.owner.begin_for_all().await.unwrap(), &query).await
    }
}

async fn number(connection: &mut PgConnection, query: &str) -> i64 {
    let row = connection.fetch_one(AssertSqlSafe(query.to_owned())).await.unwrap();
    row.get(0)
}

/// Retries, since a busy machine may not connect many clients in time.
async fn begin(store: &Store, tenant: Option<TenantId>) -> Tx {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let begun = match tenant {
            Some(tenant) => store.begin(tenant).await,
            None => store.begin_for_all().await,
        };
        match begun {
            Err(StoreError::Unavailable(_)) if Instant::now() < deadline => {}
            result => return result.unwrap(),
        }
    }
}

/// Asserts that each statement reads and writes only rows of the tenant of its transaction.
async fn assert_tenants_are_isolated(setup: &TwoTenants, url: &str) {
    let [first, second] = setup.tenants;
    for (function, table) in READS {
        let store = as_function(store(url), function);
        for tenant in [first, second, first] {
            let mut tx = store.begin(tenant).await.unwrap();
            let visible = number(&mut tx, &format!("select count(*) from {table}")).await;
            tx.rollback().await.unwrap();
            assert_eq!(visible, setup.count(table, tenant).await, "{function} in {table}");
            assert!(visible > 0, "{function} sees no rows in {table}");
        }
        let mut tx = store.begin_for_all().await.unwrap();
        let visible = number(&mut tx, &format!("select count(*) from {table}")).await;
        assert_eq!(visible, 0, "{function} without a tenant in {table}");
    }
    for (function, table, statement) in WRITES {
        let store = as_function(store(url), function);
        for tenant in [first, second] {
            let mut tx = store.begin(tenant).await.unwrap();
            let changed = tx.execute(*statement).await.unwrap().rows_affected();
            tx.rollback().await.unwrap();
            let expected = setup.count(table, tenant).await;
            assert_eq!(i64::try_from(changed), Ok(expected), "{function}: {statement}");
        }
        let mut tx = store.begin_for_all().await.unwrap();
        let changed = tx.execute(*statement).await.unwrap().rows_affected();
        assert_eq!(changed, 0, "{function} without a tenant: {statement}");
    }
    for (function, statement) in INSERTS {
        let store = as_function(store(url), function);
        let insert = |tenant: TenantId| AssertSqlSafe(statement.replace('?', &tenant.to_string()));
        let mut tx = store.begin(first).await.unwrap();
        tx.execute(insert(first)).await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = store.begin(first).await.unwrap();
        let error = tx.execute(insert(second)).await.unwrap_err();
        assert_eq!(sqlstate(&error), "42501", "{function}: {statement}: {error}");
        tx.rollback().await.unwrap();
        let mut tx = store.begin_for_all().await.unwrap();
        let error = tx.execute(insert(first)).await.unwrap_err();
        assert_eq!(sqlstate(&error), "42501", "{function} without a tenant: {statement}: {error}");
    }
}

/// Asserts that relay and authorize see the rows of all tenants.
async fn assert_relay_and_authorize_see_all_tenants(url: &str) {
    let all: i64 = TENANTS.iter().map(|(_, count)| i64::try_from(*count).unwrap()).sum();
    let relay = as_function(store(url), "relay");
    let mut tx = relay.begin_for_all().await.unwrap();
    // Each tenant has one batch more than transactions: see above.
    let visible = number(&mut tx, "select count(*) from batches").await;
    assert_eq!(visible, all + 2);
    tx.rollback().await.unwrap();
    let authorize = as_function(store(url), "authorize");
    let mut tx = authorize.begin_for_all().await.unwrap();
    assert_eq!(number(&mut tx, "select count(*) from tenants").await, 2);
}

#[tokio::test]
async fn unscoped_statement_reaches_one_tenant() {
    let setup = TwoTenants::new().await;
    let url = setup.server.url("ledger");
    assert_tenants_are_isolated(&setup, &url).await;
    assert_relay_and_authorize_see_all_tenants(&url).await;
}

#[tokio::test]
async fn unscoped_statement_reaches_one_tenant_through_a_pooler() {
    let setup = TwoTenants::new().await;
    let pooler = Pooler::start(&setup.server.url("ledger"), &|_| {}).await.unwrap();
    let url = pooler.url("ledger");
    assert_tenants_are_isolated(&setup, &url).await;
    assert_relay_and_authorize_see_all_tenants(&url).await;

    // Concurrent clients share fewer connections, with alternating tenants and without one.
    let clients = (0..CLIENTS).map(async |client| {
        let store = as_function(store(&url), "report");
        for round in 0..10 {
            let (expected, tenant) = match (client + round) % 3 {
                0 => (3, Some(setup.tenants[0])),
                1 => (5, Some(setup.tenants[1])),
                _ => (0, None),
            };
            let mut tx = begin(&store, tenant).await;
            let visible = number(&mut tx, "select count(*) from transactions").await;
            assert_eq!(visible, expected, "client {client}, round {round}");
            tx.commit().await.unwrap();
        }
    });
    join_all(clients).await;

    // No connection keeps the tenant or the role.
    let checks = (0..CLIENTS).map(async |_| {
        let mut tx = begin(&store(&url), None).await;
        let is_set = "select (current_user <> session_user \
            or coalesce(current_setting('tributary.tenant_id', true), '') <> '')::int::bigint";
        assert_eq!(number(&mut tx, is_set).await, 0);
    });
    join_all(checks).await;
    pooler.stop().await.unwrap();
}

#[tokio::test]
async fn invalid_tenant_setting_reaches_no_rows() {
    let setup = TwoTenants::new().await;
    let report = as_function(store(&setup.server.url("ledger")), "report");
    let mut tx = report.begin_for_all().await.unwrap();
    tx.execute("set local tributary.tenant_id = ''").await.unwrap();
    assert_eq!(number(&mut tx, "select count(*) from transactions").await, 0);
    tx.execute("set local tributary.tenant_id = '%'").await.unwrap();
    let error = tx.execute("select count(*) from transactions").await.unwrap_err();
    assert_eq!(sqlstate(&error), "22P02", "{error}");
}
