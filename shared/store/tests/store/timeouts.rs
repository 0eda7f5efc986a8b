//! Time limits of statements, locks and idle database transactions.

use std::time::Duration;

use sqlx::Executor;
use tributary_store::{StoreError, Tx, accounts, batches};
use tributary_testkit::ledger::{account, bookings, write};

use crate::ledger::Ledger;

const LIMIT: Duration = Duration::from_millis(400);

async fn sleep_in_the_database(tx: &mut Tx, seconds: &'static str) -> Result<(), StoreError> {
    tx.execute(seconds).await?;
    Ok(())
}

#[tokio::test]
async fn statement_that_exceeds_its_limit_is_unavailable() {
    let ledger = Ledger::new().await;
    let store = ledger.database.store().with_statement_timeout(LIMIT);
    let mut tx = store.begin(ledger.tenant).await.unwrap();
    let error = sleep_in_the_database(&mut tx, "select pg_sleep(60)").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    tx.rollback().await.unwrap();
    let mut tx = store.begin(ledger.tenant).await.unwrap();
    sleep_in_the_database(&mut tx, "select pg_sleep(0.01)").await.unwrap();
}

#[tokio::test]
async fn lock_that_is_not_acquired_in_time_is_unavailable() {
    let ledger = Ledger::new().await;
    let (batch, _) = write(&ledger.store, ledger.tenant, &bookings(1, "-1")).await.unwrap();
    let mut holder = ledger.begin().await;
    assert!(batches::lock(&mut holder, ledger.tenant, batch).await.unwrap());

    let store = ledger.database.store().with_statement_timeout(LIMIT);
    let mut tx = store.begin(ledger.tenant).await.unwrap();
    let error = batches::lock(&mut tx, ledger.tenant, batch).await.unwrap_err();
    let StoreError::Unavailable(sqlx::Error::Database(cause)) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(cause.code().as_deref(), Some("55P03"), "the lock's limit, not the statement's");
}

#[tokio::test]
async fn transaction_that_was_idle_for_too_long_is_unavailable_and_the_next_one_begins() {
    let ledger = Ledger::new().await;
    let mut tx = ledger.begin().await;
    accounts::upsert(&mut tx, ledger.tenant, &[account("a")], &[], false).await.unwrap();
    tx.execute("set local idle_in_transaction_session_timeout = '50ms'").await.unwrap();
    // As long as a frozen environment would be.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let error = accounts::exists(&mut tx, ledger.tenant, "a").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    drop(tx);
    let mut tx = ledger.begin().await;
    assert!(!accounts::exists(&mut tx, ledger.tenant, "a").await.unwrap());
}
