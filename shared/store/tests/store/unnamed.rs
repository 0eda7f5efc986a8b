//! No statement remains prepared on a server connection, which a pooler shares between clients.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Row};
use tributary_domain::api_key::{ApiKeySecret, Pepper};
use tributary_domain::identity::LeaseToken;
use tributary_domain::{BatchId, Scope, TenantId};
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_store::enrichment::{self, Lease};
use tributary_store::transactions::{self, WriteOutcome};
use tributary_store::{
    accounts, announcements, backlog, batches, check, health, migrations, report, retention,
    tenants,
};
use tributary_testkit::ledger::{account, bookings, content_hash, insert_batch};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, REQUEUE_AFTER, SHOPPING, account_page, outcome};
use crate::sums::period;

/// Runs statements of all modules of the store on one connection.
async fn run_statements(connection: &mut PgConnection, tenant: TenantId, round: &str) {
    let batch = BatchId(Uuid::now_v7());
    health::ping(connection).await.unwrap();
    tenants::find_or_create(connection, "third", TenantId(Uuid::now_v7())).await.unwrap();
    let key = ApiKey { tenant, api_key_id: Uuid::now_v7(), scopes: vec![Scope::Ingest] };
    let new = NewApiKey { key: key.clone(), name: "key" };
    let pepper = Pepper::new(&"p".repeat(Pepper::LENGTH_MIN)).unwrap();
    let entropy = || [round.as_bytes()[0]; ApiKeySecret::ENTROPY_BYTES];
    let secret = api_keys::create(connection, &new, &pepper, entropy).await.unwrap();
    let prefix = secret.prefix();
    api_keys::count_active(connection, tenant).await.unwrap();
    api_keys::find_by_prefix(connection, prefix).await.unwrap().unwrap();
    api_keys::record_use(connection, &key).await.unwrap();
    tenants::find(connection, "third").await.unwrap().unwrap();
    tenants::exists(connection, tenant).await.unwrap();
    api_keys::list(connection, tenant).await.unwrap();
    api_keys::revoke_by_prefix(connection, tenant, prefix).await.unwrap().unwrap();
    api_keys::revoke_by_name(connection, tenant, "key").await.unwrap();

    let sent = bookings(3, round);
    let key = Some((round, &content_hash()));
    insert_batch(connection, tenant, batch, &sent, key).await.unwrap();
    accounts::upsert(connection, tenant, &[account("acc")], &[], true).await.unwrap();
    accounts::exists(connection, tenant, "acc").await.unwrap();
    let write = transactions::write(connection, tenant, batch, &sent, &[], true).await.unwrap();
    let WriteOutcome::Written(written) = write else { panic!("{write:?}") };
    assert_eq!(written.changed(), 3, "the first round inserts, the second revises");
    batches::correct(connection, tenant, batch, written, 1).await.unwrap();
    batches::of_key(connection, tenant, round).await.unwrap().unwrap();
    let due = announcements::take_due(connection, 10, Duration::ZERO).await.unwrap();
    announcements::mark_sent(connection, &due, Duration::ZERO).await.unwrap();
    if let Some(announcement) = due.first() {
        announcements::mark_unsent(connection, announcement).await.unwrap();
    }

    let token = LeaseToken(Uuid::now_v7());
    let lease = Lease { tenant, batch, token, duration: LEASE };
    let claim = enrichment::claim(connection, &lease, REQUEUE_AFTER).await.unwrap().unwrap();
    enrichment::claim_expired(connection, &lease).await.unwrap();
    let outcome = outcome(&claim.rows[0], Ok(SHOPPING));
    enrichment::finish(connection, &lease, "rules-1", &[outcome]).await.unwrap();
    enrichment::release(connection, &lease).await.unwrap();
    batches::lock(connection, tenant, batch).await.unwrap();
    enrichment::retry_failed(connection, tenant, batch).await.unwrap();
    batches::reopen(connection, tenant, batch, 1, REQUEUE_AFTER).await.unwrap();
    batches::finish_if_done(connection, tenant, batch).await.unwrap();
    batches::progress(connection, tenant, batch).await.unwrap();
    batches::failures(connection, tenant, batch).await.unwrap();

    transactions::page(connection, tenant, &account_page("acc")).await.unwrap();
    let day = period("2025-10-30".parse().unwrap(), "2025-10-30".parse().unwrap());
    report::summary(connection, tenant, "acc", day).await.unwrap();
    report::fold_batch(connection, tenant, batch).await.unwrap();
    report::fold(connection, 10).await.unwrap();
    report::delete_empty_days(connection, 10).await.unwrap();
    retention::drop_members(connection, 1, 10, 10).await.unwrap();
    retention::delete_batches(connection, 1, 10).await.unwrap();
    retention::delete_revisions(connection, 1, 10).await.unwrap();
    retention::delete_transactions(connection, 30_000, 10, 10, Duration::ZERO).await.unwrap();
    retention::delete_records(connection, 1, 10).await.unwrap();

    migrations::missing(connection).await.unwrap();
    backlog::measure(connection).await.unwrap();
    check::unsettled(connection).await.unwrap();
    let options = check::Options { settled: true, grace: Duration::ZERO };
    check::run(connection, options).await.unwrap();
}

async fn prepared_statement_count(connection: &mut PgConnection) -> i64 {
    sqlx::query("select count(*) from pg_prepared_statements")
        .persistent(false)
        .fetch_one(connection)
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn no_statement_remains_prepared() {
    let ledger = Ledger::new().await;
    let mut tx = ledger.begin().await;
    run_statements(&mut tx, ledger.tenant, "1").await;
    run_statements(&mut tx, ledger.tenant, "2").await;
    assert_eq!(prepared_statement_count(&mut tx).await, 0);
}

/// [`Store`](tributary_store::Store) disables the statement cache of its connections. Callers may
/// also pass other connections, so that the statements must not depend on it.
#[tokio::test]
async fn no_statement_remains_prepared_on_a_connection_with_a_statement_cache() {
    let ledger = Ledger::new().await;
    let mut connection = ledger.database.connection().await;
    sqlx::query("select 1").execute(&mut connection).await.unwrap();
    let before = prepared_statement_count(&mut connection).await;
    assert_eq!(before, 1, "this connection caches statements");
    let mut tx = connection.begin().await.unwrap();
    run_statements(&mut tx, ledger.tenant, "1").await;
    run_statements(&mut tx, ledger.tenant, "2").await;
    assert_eq!(prepared_statement_count(&mut tx).await, before);
}
