//! Pending and posted transactions find each other, whichever comes first and however close.

#![cfg(test)]

use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::period::midnight_utc;
use tributary_domain::{Account, BatchId, CorrelationId, Currency, Money, TenantId, Transaction};
use tributary_store::{Store, accounts, batches, transactions};
use tributary_testkit::TestDatabase;
use uuid::Uuid;

fn transaction(id: &str, is_pending: bool, replaces: Option<&str>) -> Transaction {
    Transaction {
        transaction_id: id.to_owned(),
        account_id: "acc".to_owned(),
        money: Money::new(Decimal::new(-1000, 2), Currency::from_code("USD").unwrap()),
        booked_at: midnight_utc("2025-10-01".parse().unwrap()),
        authorized_on: None,
        description: "a line".to_owned(),
        merchant_name: None,
        payment_channel: None,
        merchant_category_code: None,
        is_pending,
        pending_transaction_id: replaces.map(str::to_owned),
    }
}

async fn post(store: &Store, tenant: TenantId, sent: &[Transaction]) {
    let account = Account {
        account_id: "acc".to_owned(),
        name: "Checking".to_owned(),
        account_type: "depository".to_owned(),
        subtype: None,
        mask: None,
    };
    let batch = BatchId(Uuid::now_v7());
    let ids: Vec<&str> = sent.iter().map(|it| it.transaction_id.as_str()).collect();
    let mut connection = store.begin(tenant).await.unwrap();
    accounts::upsert(&mut connection, tenant, &[account], &[]).await.unwrap();
    let written = transactions::write(&mut connection, tenant, batch, sent).await.unwrap();
    let correlation = CorrelationId::accept("c").unwrap();
    batches::insert(&mut connection, tenant, batch, &correlation, &ids, written).await.unwrap();
    connection.commit().await.unwrap();
}

async fn replaced_by(connection: &mut PgConnection, tenant: TenantId, id: &str) -> Option<String> {
    sqlx::query_scalar(
        "select replaced_by from transactions where tenant_id = $1 and transaction_id = $2",
    )
    .bind(tenant.0)
    .bind(id)
    .fetch_one(connection)
    .await
    .unwrap()
}

async fn counted(connection: &mut PgConnection, tenant: TenantId) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(transaction_count), 0)::bigint from report_deltas where tenant_id = $1",
    )
    .bind(tenant.0)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_posted_row_replaces_the_pending_one_that_came_before_it() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("pending", true, None)]).await;
    assert_eq!(counted(&mut connection, tenant).await, 1);
    post(&store, tenant, &[transaction("posted", false, Some("pending"))]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "pending").await.as_deref(), Some("posted"));
    assert_eq!(counted(&mut connection, tenant).await, 1);
}

#[tokio::test]
async fn a_posted_row_replaces_the_pending_one_that_comes_after_it_or_with_it() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("posted", false, Some("pending"))]).await;
    post(&store, tenant, &[transaction("pending", true, None)]).await;
    post(
        &store,
        tenant,
        &[transaction("posted 2", false, Some("pending 2")), transaction("pending 2", true, None)],
    )
    .await;
    for (pending, posted) in [("pending", "posted"), ("pending 2", "posted 2")] {
        assert_eq!(replaced_by(&mut connection, tenant, pending).await.as_deref(), Some(posted));
    }
    assert_eq!(counted(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn a_row_that_is_not_pending_is_replaced_by_none() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("one", false, None)]).await;
    post(&store, tenant, &[transaction("two", false, Some("one"))]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "one").await, None);
    assert_eq!(counted(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn a_pending_row_counts_again_when_no_posted_one_names_it_any_more() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("pending", true, None)]).await;
    post(&store, tenant, &[transaction("posted", false, Some("pending"))]).await;
    post(&store, tenant, &[transaction("posted", false, None)]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "pending").await, None);
    assert_eq!(counted(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn a_pair_that_comes_in_two_batches_at_the_same_moment_is_settled() {
    const ROUNDS: usize = 60;
    let database = TestDatabase::create().await;
    let tenant = database.tenant("t").await;
    let (one, other) = (database.store(), database.store());
    let mut connection = database.connection().await;
    for round in 0..ROUNDS {
        let (pending, posted) = (format!("pending {round}"), format!("posted {round}"));
        let first = [transaction(&pending, true, None)];
        let second = [transaction(&posted, false, Some(&pending))];
        tokio::join!(post(&one, tenant, &first), post(&other, tenant, &second));
        let successor = replaced_by(&mut connection, tenant, &pending).await;
        assert_eq!(successor.as_deref(), Some(posted.as_str()), "round {round}");
    }
    let counted = counted(&mut connection, tenant).await;
    assert_eq!(counted, i64::try_from(ROUNDS).unwrap());
}
