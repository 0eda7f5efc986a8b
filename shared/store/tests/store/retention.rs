//! Retention: what relay removes because of its age.

use tributary_domain::BatchId;
use tributary_store::batches::{self, RemainingWork};
use tributary_store::check::{self, Options};
use tributary_store::retention::{self, Examined};
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{LEASE, Ledger, SHOPPING};

/// The retention of these tests in days.
const DAYS: i32 = 90;

/// Writes, enriches and finishes a batch, 91 days ago.
async fn old_batch(ledger: &Ledger, ids: &[&str], amount: &str) -> BatchId {
    let sent: Vec<_> = ids.iter().map(|id| booking(id, amount)).collect();
    let (batch, _) = ledger.write(&sent).await;
    ledger.complete(batch).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Nothing);
    age(ledger, 91).await;
    batch
}

/// Makes all finished batches older.
async fn age(ledger: &Ledger, days: i32) {
    sqlx::query(
        "update batches set finished_at = finished_at - make_interval(days => $1), \
         examined_at = examined_at - make_interval(days => $1) where finished_at is not null",
    )
    .bind(days)
    .execute(&mut ledger.database.connection().await)
    .await
    .unwrap();
}

async fn drop_members(ledger: &Ledger) -> Examined {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    let examined = retention::drop_members(&mut tx, DAYS, 100, 10_000).await.unwrap();
    tx.commit().await.unwrap();
    examined
}

async fn delete_batches(ledger: &Ledger) -> Examined {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    let examined = retention::delete_batches(&mut tx, DAYS, 100).await.unwrap();
    tx.commit().await.unwrap();
    examined
}

async fn assert_valid(ledger: &Ledger) {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    let checks = check::run(&mut tx, Options { settled: false, grace: LEASE }).await.unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| !check.holds()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

const NOTHING: Examined = Examined { examined: 0, done: 0 };
const ONE_KEPT: Examined = Examined { examined: 1, done: 0 };
const ONE_DONE: Examined = Examined { examined: 1, done: 1 };

#[tokio::test]
async fn answers_about_a_batch_are_the_same_without_its_list() {
    let ledger = Ledger::new().await;
    let batch = old_batch(&ledger, &["tx_0", "tx_1", "tx_2"], "-1").await;
    ledger
        .execute(
            "update batches set idempotency_key = 'key', content_hash = '\\x01' || sha256('x')",
        )
        .await;
    let of_key = async || {
        let mut tx = ledger.begin_on_new_connection().await;
        batches::of_key(&mut tx, ledger.tenant, "key").await.unwrap().unwrap()
    };
    let (progress, keyed) = (ledger.progress(batch).await, of_key().await);
    assert_eq!(drop_members(&ledger).await, ONE_DONE);
    assert_eq!(ledger.count("select count(transaction_ids) from batches").await, 0);
    let after = ledger.progress(batch).await;
    assert_eq!(format!("{after:?}"), format!("{progress:?}"));
    assert_eq!((after.counts.completed, after.erased), (3, 0));
    assert_eq!(of_key().await, keyed);
    assert_eq!(ledger.retry(batch).await, 0, "as a batch without failures");
    assert_valid(&ledger).await;
}

#[tokio::test]
async fn batch_that_is_young_unfinished_or_has_failures_keeps_its_list() {
    let ledger = Ledger::new().await;
    let failed = ledger.write(&bookings(2, "-1")).await.0;
    let (lease, claimed) = ledger.claim(failed, LEASE).await;
    let result_of = |id: &str| if id == "tx_00000" { Err("no rule") } else { Ok(SHOPPING) };
    ledger.finish_as(&lease, &claimed, result_of).await;
    ledger.finish_if_done(failed).await;
    ledger.write(&[booking("unfinished", "-1")]).await;
    age(&ledger, 89).await;
    assert_eq!(drop_members(&ledger).await, NOTHING);
    age(&ledger, 2).await;
    assert_eq!(drop_members(&ledger).await, ONE_KEPT);
    assert_eq!(drop_members(&ledger).await, NOTHING, "not before the same time has passed again");

    assert_eq!(ledger.retry(failed).await, 1);
    ledger.complete(failed).await;
    ledger.finish_if_done(failed).await;
    age(&ledger, 91).await;
    assert_eq!(drop_members(&ledger).await, ONE_DONE);
    assert_eq!(ledger.progress(failed).await.counts.completed, 2);
    assert_valid(&ledger).await;
}

#[tokio::test]
async fn missing_transaction_keeps_the_list_so_that_it_is_reported() {
    let ledger = Ledger::new().await;
    old_batch(&ledger, &["tx_0", "tx_1"], "-1").await;
    ledger.execute("delete from transactions where transaction_id = 'tx_0'").await;
    assert_eq!(drop_members(&ledger).await, ONE_KEPT);
}

#[tokio::test]
async fn batch_is_deleted_with_its_last_transaction() {
    let ledger = Ledger::new().await;
    let first = old_batch(&ledger, &["tx_0", "tx_1"], "-1").await;
    assert_eq!(delete_batches(&ledger).await, NOTHING, "it has a list");
    assert_eq!(drop_members(&ledger).await, ONE_DONE);
    assert_eq!(delete_batches(&ledger).await, ONE_KEPT);
    assert_eq!(delete_batches(&ledger).await, NOTHING, "not before the same time has passed again");

    // Another batch changes all its transactions.
    let second = old_batch(&ledger, &["tx_0", "tx_1"], "-2").await;
    assert_eq!(delete_batches(&ledger).await, ONE_DONE);
    let mut tx = ledger.begin_on_new_connection().await;
    assert!(batches::progress(&mut tx, ledger.tenant, first).await.unwrap().is_none());
    assert!(batches::progress(&mut tx, ledger.tenant, second).await.unwrap().is_some());
    assert_valid(&ledger).await;
}

#[tokio::test]
async fn locked_batch_is_skipped() {
    let ledger = Ledger::new().await;
    let batch = old_batch(&ledger, &["tx_0"], "-1").await;
    let mut retry = ledger.begin_on_new_connection().await;
    batches::lock(&mut retry, ledger.tenant, batch).await.unwrap();
    assert_eq!(drop_members(&ledger).await, NOTHING);
    retry.rollback().await.unwrap();
    assert_eq!(drop_members(&ledger).await, ONE_DONE);
    let mut retry = ledger.begin_on_new_connection().await;
    batches::lock(&mut retry, ledger.tenant, batch).await.unwrap();
    assert_eq!(delete_batches(&ledger).await, NOTHING);
}

#[tokio::test]
async fn one_turn_examines_batches_up_to_a_number_of_transactions() {
    let ledger = Ledger::new().await;
    for batch in 0..4 {
        let ids: Vec<_> = (0..5).map(|index| format!("tx_{batch}_{index}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        old_batch(&ledger, &ids, "-1").await;
    }
    let turn = async |batches_max, transactions_max| {
        let mut tx = ledger.store.begin_for_all().await.unwrap();
        let turn = retention::drop_members(&mut tx, DAYS, batches_max, transactions_max).await;
        tx.rollback().await.unwrap();
        turn.unwrap().done
    };
    assert_eq!(turn(4, 1).await, 1, "at least one");
    assert_eq!(turn(4, 5).await, 1);
    assert_eq!(turn(4, 6).await, 2);
    assert_eq!(turn(3, 100).await, 3);
}
