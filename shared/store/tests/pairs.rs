//! Posted transactions replace the pending ones that they name, in any order of arrival and in
//! concurrent batches.

#![cfg(test)]

use sqlx::PgConnection;
use tributary_domain::{TenantId, Transaction};
use tributary_store::Store;
use tributary_testkit::TestDatabase;
use tributary_testkit::ledger::{booking, write};

fn transaction(id: &str, is_pending: bool, replaces: Option<&str>) -> Transaction {
    let pending_transaction_id = replaces.map(str::to_owned);
    Transaction { is_pending, pending_transaction_id, ..booking(id, "-10") }
}

async fn post(store: &Store, tenant: TenantId, transactions: &[Transaction]) {
    write(store, tenant, transactions).await.unwrap();
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

/// The number of transactions in the sums of the report.
async fn reported_count(connection: &mut PgConnection, tenant: TenantId) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(count), 0)::bigint from report_packs \
         cross join lateral unnest(counts) as count where tenant_id = $1",
    )
    .bind(tenant.0)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn posted_transaction_replaces_earlier_pending_one() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("pending", true, None)]).await;
    assert_eq!(reported_count(&mut connection, tenant).await, 1);
    post(&store, tenant, &[transaction("posted", false, Some("pending"))]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "pending").await.as_deref(), Some("posted"));
    assert_eq!(reported_count(&mut connection, tenant).await, 1);
}

#[tokio::test]
async fn posted_transaction_replaces_later_pending_one_or_one_of_the_same_batch() {
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
    assert_eq!(reported_count(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn transaction_that_is_not_pending_is_not_replaced() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("one", false, None)]).await;
    post(&store, tenant, &[transaction("two", false, Some("one"))]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "one").await, None);
    assert_eq!(reported_count(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn pending_transaction_counts_again_when_no_posted_one_names_it() {
    let database = TestDatabase::create().await;
    let (tenant, store) = (database.tenant("t").await, database.store());
    let mut connection = database.connection().await;
    post(&store, tenant, &[transaction("pending", true, None)]).await;
    post(&store, tenant, &[transaction("posted", false, Some("pending"))]).await;
    post(&store, tenant, &[transaction("posted", false, None)]).await;
    assert_eq!(replaced_by(&mut connection, tenant, "pending").await, None);
    assert_eq!(reported_count(&mut connection, tenant).await, 2);
}

#[tokio::test]
async fn pair_in_two_concurrent_batches_is_replaced() {
    const ROUNDS: usize = 60;
    let database = TestDatabase::create().await;
    let tenant = database.tenant("t").await;
    let (first_store, second_store) = (database.store(), database.store());
    let mut connection = database.connection().await;
    for round in 0..ROUNDS {
        let (pending, posted) = (format!("pending {round}"), format!("posted {round}"));
        let first = [transaction(&pending, true, None)];
        let second = [transaction(&posted, false, Some(&pending))];
        tokio::join!(post(&first_store, tenant, &first), post(&second_store, tenant, &second));
        let successor = replaced_by(&mut connection, tenant, &pending).await;
        assert_eq!(successor.as_deref(), Some(posted.as_str()), "round {round}");
    }
    let count = reported_count(&mut connection, tenant).await;
    assert_eq!(count, i64::try_from(ROUNDS).unwrap());
}
