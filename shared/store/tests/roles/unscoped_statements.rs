//! Statements without a condition on the tenant, sent directly to PostgreSQL and through PgBouncer
//! in transaction mode, which shares connections between tenants.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tributary_domain::TenantId;
use tributary_postgres::{Options, Pooler, Postgres, Storage};
use tributary_store::outbox;
use tributary_store::{Role, Store, StoreError, Tx, database, report, tenants};
use tributary_testkit::ledger::{bookings, outbox_entry, write};
use uuid::Uuid;

/// More than the pooler has connections to the server.
const CLIENTS: usize = 12;
const TENANTS: [(&str, usize); 2] = [("first", 3), ("second", 5)];

/// The function and the table that it reads.
const READS: &[(&str, &str)] = &[
    ("ingest", "transactions"),
    ("ingest", "batches"),
    ("ingest", "accounts"),
    ("ingest", "outbox"),
    ("enrich", "transactions"),
    ("enrich", "batches"),
    ("report", "transactions"),
    ("report", "batches"),
    ("report", "accounts"),
    ("report", "report_days"),
    ("report", "report_deltas"),
];

const WRITES: &[(&str, &str, &str)] = &[
    ("ingest", "transactions", "update transactions set description = 'mine'"),
    ("ingest", "batches", "update batches set announced_at = now()"),
    ("ingest", "accounts", "update accounts set name = 'mine'"),
    ("ingest", "outbox", "update outbox set message_count = 7"),
    ("ingest", "outbox", "delete from outbox"),
    ("enrich", "transactions", "update transactions set attempts = attempts + 1"),
    ("enrich", "batches", "update batches set started_at = now()"),
];

/// Rows of the tenant in place of `?`.
const INSERTS: &[(&str, &str)] = &[
    (
        "ingest",
        "insert into accounts (tenant_id, account_id, name, account_type) values ('?', 'x', 'n', 't')",
    ),
    (
        "ingest",
        "insert into report_deltas (tenant_id, account_id, day, currency, category, status, \
         transaction_count, spend, income) values ('?', 'acc', '2025-10-30', 'USD', '', 'pending', 1, 1, 0)",
    ),
    (
        "enrich",
        "insert into report_deltas (tenant_id, account_id, day, currency, category, status, \
         transaction_count, spend, income) values ('?', 'acc', '2025-10-30', 'USD', '', 'pending', 1, 1, 0)",
    ),
    (
        "ingest",
        "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted, updated, \
         unchanged, accepted_at, announced_at) \
         values ('?', gen_random_uuid(), 'c', '{x}', 1, 0, 0, now(), now())",
    ),
];

/// Two tenants with the same ids and unequal numbers of them, in a database of a server of its own.
struct TwoTenants {
    server: Postgres,
    /// The owner bypasses row-level security.
    owner: Store,
    tenants: [TenantId; 2],
}

impl TwoTenants {
    async fn new() -> Self {
        let options = Options { storage: Storage::Temporary, progress: &|_| {} };
        let server = Postgres::start(options).await.unwrap();
        database::create(&server.url("postgres"), "ledger", None).await.unwrap();
        let owner = Store::connect_lazily(&server.url("ledger").into()).unwrap();
        owner.migrate().await.unwrap();
        let mut tenants = [TenantId(Uuid::nil()); 2];
        for ((name, count), place) in TENANTS.iter().zip(&mut tenants) {
            let mut tx = owner.begin_for_all().await.unwrap();
            let id = TenantId(Uuid::now_v7());
            *place = tenants::find_or_create(&mut tx, name, id).await.unwrap();
            tx.commit().await.unwrap();
            for booking in bookings(*count, "-1") {
                let (batch, _) = write(&owner, *place, &[booking]).await.unwrap();
                let mut tx = owner.begin(*place).await.unwrap();
                let entry = outbox_entry(*place, batch);
                outbox::insert(&mut tx, &entry).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        let mut tx = owner.begin_for_all().await.unwrap();
        report::fold(&mut tx, 1_000).await.unwrap();
        tx.commit().await.unwrap();
        for tenant in tenants {
            // Other content: deltas that are not folded, beside those that are.
            write(&owner, tenant, &bookings(1, "-2")).await.unwrap();
        }
        Self { server, owner, tenants }
    }

    /// How many rows each tenant has in a table, as the owner sees it.
    async fn count(&self, table: &str, tenant: TenantId) -> i64 {
        let query = format!("select count(*) from {table} where tenant_id = '{tenant}'");
        number(&mut self.owner.begin_for_all().await.unwrap(), &query).await
    }
}

async fn number(connection: &mut PgConnection, query: &str) -> i64 {
    let row = connection.fetch_one(AssertSqlSafe(query.to_owned())).await.unwrap();
    row.get(0)
}

/// Retries: with many clients a busy machine may not connect them all in time.
async fn begin(store: &Store, tenant: Option<TenantId>) -> Tx {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let begun = match tenant {
            Some(tenant) => store.begin(tenant).await,
            None => store.begin_for_all().await,
        };
        match begun {
            Err(StoreError::Unavailable(_)) if Instant::now() < deadline => {}
            ended => return ended.unwrap(),
        }
    }
}

fn as_function(url: &str, function: &str) -> Store {
    let store = Store::connect_lazily(&url.into()).unwrap();
    store.as_role(Role::of_function(function).unwrap())
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
}

async fn keeps_tenants_apart(world: &TwoTenants, url: &str) {
    let [first, second] = world.tenants;
    for (function, table) in READS {
        let store = as_function(url, function);
        for tenant in [first, second, first] {
            let mut tx = store.begin(tenant).await.unwrap();
            let seen = number(&mut tx, &format!("select count(*) from {table}")).await;
            tx.rollback().await.unwrap();
            assert_eq!(seen, world.count(table, tenant).await, "{function} in {table}");
            assert!(seen > 0, "{function} sees its own in {table}");
        }
        let of_none = &mut *store.begin_for_all().await.unwrap();
        let seen = number(of_none, &format!("select count(*) from {table}")).await;
        assert_eq!(seen, 0, "{function} without a tenant in {table}");
    }
    for (function, table, statement) in WRITES {
        let store = as_function(url, function);
        for tenant in [first, second] {
            let mut tx = store.begin(tenant).await.unwrap();
            let done = tx.execute(*statement).await.unwrap().rows_affected();
            tx.rollback().await.unwrap();
            let own = world.count(table, tenant).await;
            assert_eq!(i64::try_from(done), Ok(own), "{function}: {statement}");
        }
        let of_none = &mut *store.begin_for_all().await.unwrap();
        let done = of_none.execute(*statement).await.unwrap().rows_affected();
        assert_eq!(done, 0, "{function} without a tenant: {statement}");
    }
    for (function, statement) in INSERTS {
        let store = as_function(url, function);
        let of = |tenant: TenantId| AssertSqlSafe(statement.replace('?', &tenant.to_string()));
        let mut tx = store.begin(first).await.unwrap();
        tx.execute(of(first)).await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = store.begin(first).await.unwrap();
        let refused = tx.execute(of(second)).await.unwrap_err();
        assert_eq!(code(&refused), "42501", "{function}: {statement}: {refused}");
        tx.rollback().await.unwrap();
        let mut tx = store.begin_for_all().await.unwrap();
        let refused = tx.execute(of(first)).await.unwrap_err();
        assert_eq!(code(&refused), "42501", "{function} without a tenant: {statement}: {refused}");
    }
}

/// relay and authorize work over all tenants.
async fn relay_and_authorize_reach_all_tenants(url: &str) {
    let all: i64 = TENANTS.iter().map(|(_, count)| i64::try_from(*count).unwrap()).sum();
    let relay = as_function(url, "relay");
    let mut tx = relay.begin_for_all().await.unwrap();
    for table in ["transactions", "outbox"] {
        let seen = number(&mut tx, &format!("select count(*) from {table}")).await;
        assert_eq!(seen, all, "{table}");
    }
    let entry = outbox::lock_due(&mut tx, Duration::ZERO, 100).await.unwrap();
    assert_eq!(i64::try_from(entry.len()), Ok(all));
    tx.rollback().await.unwrap();
    let authorize = as_function(url, "authorize");
    let mut tx = authorize.begin_for_all().await.unwrap();
    assert_eq!(number(&mut tx, "select count(*) from tenants").await, 2);
}

#[tokio::test]
async fn unscoped_statement_reaches_one_tenant() {
    let world = TwoTenants::new().await;
    let url = world.server.url("ledger");
    keeps_tenants_apart(&world, &url).await;
    relay_and_authorize_reach_all_tenants(&url).await;
}

#[tokio::test]
async fn unscoped_statement_reaches_one_tenant_through_a_pooler() {
    let world = TwoTenants::new().await;
    let pooler = Pooler::start(&world.server.url("ledger"), &|_| {}).await.unwrap();
    let url = pooler.url("ledger");
    keeps_tenants_apart(&world, &url).await;
    relay_and_authorize_reach_all_tenants(&url).await;

    // Many clients at once, on fewer connections, with alternating tenants and without one.
    let rounds = (0..CLIENTS).map(async |client| {
        let store = as_function(&url, "report");
        for round in 0..10 {
            let (expected, tenant) = match (client + round) % 3 {
                0 => (3, Some(world.tenants[0])),
                1 => (5, Some(world.tenants[1])),
                _ => (0, None),
            };
            let mut tx = begin(&store, tenant).await;
            let seen = number(&mut tx, "select count(*) from transactions").await;
            assert_eq!(seen, expected, "client {client}, round {round}");
            tx.commit().await.unwrap();
        }
    });
    join_all(rounds).await;

    // No connection keeps the tenant or the role.
    let leftovers = (0..CLIENTS).map(async |_| {
        let store = Store::connect_lazily(&url.as_str().into()).unwrap();
        let mut tx = begin(&store, None).await;
        let left = "select (current_user <> session_user \
            or coalesce(current_setting('tributary.tenant_id', true), '') <> '')::int::bigint";
        assert_eq!(number(&mut tx, left).await, 0);
    });
    join_all(leftovers).await;
    pooler.stop().await.unwrap();
}

#[tokio::test]
async fn invalid_tenant_setting_reaches_no_rows() {
    let world = TwoTenants::new().await;
    let report = as_function(&world.server.url("ledger"), "report");
    let mut tx = report.begin_for_all().await.unwrap();
    tx.execute("set local tributary.tenant_id = ''").await.unwrap();
    assert_eq!(number(&mut tx, "select count(*) from transactions").await, 0);
    tx.execute("set local tributary.tenant_id = '%'").await.unwrap();
    let refused = tx.execute("select count(*) from transactions").await.unwrap_err();
    assert_eq!(code(&refused), "22P02", "{refused}");
}
