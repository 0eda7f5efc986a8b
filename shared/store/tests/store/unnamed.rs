//! No statement leaves a name on its connection: a pooler hands connections from client to client.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tributary_domain::{BatchId, Scope, TenantId};
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_store::enrichment::{self, Lease, Outcome};
use tributary_store::outbox;
use tributary_store::transactions::stored::{self, PageQuery};
use tributary_store::{accounts, batches, health, idempotency, report, tenants, transactions};
use tributary_testkit::ledger::{account, bookings, keep_batch, outbox_entry};
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, SHOPPING};
use crate::sums::period;

/// Every statement of the store on one connection, one after the other.
async fn call_everything(connection: &mut PgConnection, tenant: TenantId, round: &str) {
    let batch = BatchId(Uuid::now_v7());
    health::ping(connection).await.unwrap();
    tenants::find_or_create(connection, "third", TenantId(Uuid::now_v7())).await.unwrap();
    let key = ApiKey { tenant, api_key_id: Uuid::now_v7(), scopes: vec![Scope::Ingest] };
    let prefix = format!("trb_0000000{}", round.as_bytes()[0] % 10);
    let new = NewApiKey { key: key.clone(), name: "key", prefix: &prefix, key_hash: [0; 32] };
    api_keys::insert(connection, &new).await.unwrap();
    api_keys::find_by_prefix(connection, &prefix).await.unwrap().unwrap();
    api_keys::record_use(connection, &key).await.unwrap();
    tenants::find(connection, "third").await.unwrap().unwrap();
    tenants::exists(connection, tenant).await.unwrap();
    api_keys::list(connection, tenant).await.unwrap();
    api_keys::revoke_by_prefix(connection, tenant, &prefix).await.unwrap().unwrap();

    let brought = bookings(3, round);
    idempotency::acquire(connection, tenant, round).await.unwrap();
    accounts::upsert(connection, tenant, &[account("acc")], &[]).await.unwrap();
    accounts::exists(connection, tenant, "acc").await.unwrap();
    let written = transactions::write(connection, tenant, batch, &brought).await.unwrap();
    assert!(written.changed() == 3, "the first round inserts, the second revises");
    keep_batch(connection, tenant, batch, &brought, written).await.unwrap();
    idempotency::insert(connection, tenant, round, &[0; 32], batch).await.unwrap();
    let entry = outbox_entry(tenant, batch);
    outbox::insert(connection, &entry).await.unwrap();
    outbox::lock_due(connection, Duration::ZERO, 10).await.unwrap();
    outbox::delete(connection, &entry).await.unwrap();
    outbox::requeue_stalled(connection, Duration::ZERO, 10).await.unwrap();

    let token = tributary_domain::identity::LeaseToken(Uuid::now_v7());
    let lease = Lease { tenant, batch, token, duration: LEASE };
    enrichment::claim(connection, &lease, 10).await.unwrap();
    let outcome = Outcome { transaction_id: "tx_00000", result: Ok(SHOPPING) };
    enrichment::finish(connection, &lease, "rules-1", &[outcome]).await.unwrap();
    enrichment::release(connection, &lease).await.unwrap();
    batches::finish_if_done(connection, tenant, batch).await.unwrap();
    batches::progress(connection, tenant, batch).await.unwrap();
    batches::failures(connection, tenant, batch).await.unwrap();

    let query = PageQuery {
        account_id: "acc",
        from: None,
        before: None,
        status: None,
        category: None,
        after: None,
        limit: 10,
    };
    stored::page(connection, tenant, &query).await.unwrap();
    let day = period("2025-10-30".parse().unwrap(), "2025-10-30".parse().unwrap());
    report::summary(connection, tenant, "acc", day).await.unwrap();
    report::fold(connection, 10).await.unwrap();
}

async fn named_statements(connection: &mut PgConnection) -> i64 {
    use sqlx::Row;
    sqlx::query("select count(*) from pg_prepared_statements")
        .persistent(false)
        .fetch_one(connection)
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn no_statement_leaves_a_named_prepared_statement_behind() {
    let ledger = Ledger::new().await;
    let mut tx = ledger.begin().await;
    call_everything(&mut tx, ledger.tenant, "1").await;
    call_everything(&mut tx, ledger.tenant, "2").await;
    assert_eq!(named_statements(&mut tx).await, 0);
}

/// The store's options already keep sqlx from naming anything; the statements alone have to do it
/// too, since callers bring connections of their own.
#[tokio::test]
async fn no_statement_is_named_on_a_connection_that_would_keep_names() {
    let ledger = Ledger::new().await;
    let mut connection = ledger.database.connection().await;
    sqlx::query("select 1").execute(&mut connection).await.unwrap();
    let before = named_statements(&mut connection).await;
    assert_eq!(before, 1, "this connection keeps names");
    let mut tx = connection.begin().await.unwrap();
    call_everything(&mut tx, ledger.tenant, "1").await;
    call_everything(&mut tx, ledger.tenant, "2").await;
    assert_eq!(named_statements(&mut tx).await, before);
}
