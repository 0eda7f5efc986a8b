//! Retention: what relay removes because of its age.

use std::time::Duration;

use tributary_domain::{BatchId, Transaction};
use tributary_store::accounts;
use tributary_store::batches::{self, RemainingWork};
use tributary_store::check::{self, Options};
use tributary_store::retention::{self, Examined};
use tributary_testkit::ledger::{account, booking, bookings};

use crate::ledger::{LEASE, Ledger, SHOPPING};
use crate::sums::assert_sums_match_rows;

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

async fn delete_revisions(ledger: &Ledger, limit: i64) -> i64 {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    let deleted = retention::delete_revisions(&mut tx, DAYS, limit).await.unwrap();
    tx.commit().await.unwrap();
    deleted
}

#[tokio::test]
async fn old_revisions_are_deleted_from_the_first_one_on() {
    let ledger = Ledger::new().await;
    for amount in ["-1", "-2", "-3", "-4"] {
        ledger.write(&[booking("tx_0", amount), booking("tx_1", amount)]).await;
    }
    assert_eq!(delete_revisions(&ledger, 10).await, 0);
    // The clocks of two batches may differ: the second revision is older than the first one.
    ledger
        .execute(
            "update transactions set created_at = now() - interval '1 year'; \
             update transaction_revisions set replaced_at = now() - interval '91 days' \
             where transaction_id = 'tx_0' and revision < 3; \
             update transaction_revisions set replaced_at = now() - interval '92 days' \
             where transaction_id = 'tx_0' and revision = 2",
        )
        .await;
    assert_eq!(delete_revisions(&ledger, 1).await, 2, "with the earlier ones");
    assert_eq!(delete_revisions(&ledger, 10).await, 0);
    assert_eq!(ledger.count("select count(*) from transaction_revisions").await, 4);
    assert_valid(&ledger).await;
    // A gap is still reported, and so is a missing revision of a younger transaction.
    for delete in [
        "delete from transaction_revisions where transaction_id = 'tx_1' and revision = 2",
        "update transactions set created_at = now(); delete from transaction_revisions",
    ] {
        let mut tx = ledger.store.begin_for_all().await.unwrap();
        sqlx::raw_sql(delete).execute(&mut *tx).await.unwrap();
        let checks = check::run(&mut tx, Options { settled: false, grace: LEASE }).await.unwrap();
        let failed = checks.iter().find(|check| !check.holds()).map(|check| &*check.name);
        assert_eq!(failed, Some("revisions"), "{delete}");
    }
}

/// Deletes transactions that were booked before 2025, a new pass each time.
async fn delete_transactions(ledger: &Ledger, limit: i64, accounts_max: i64) -> (i64, bool) {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    let days: i32 = sqlx::query_scalar("select current_date - '2025-01-01'::date")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    let deleted =
        retention::delete_transactions(&mut tx, days, limit, accounts_max, Duration::ZERO).await;
    tx.commit().await.unwrap();
    let deleted = deleted.unwrap();
    (deleted.done, deleted.is_more)
}

fn booked_on(day: &str, booking: Transaction) -> Transaction {
    Transaction { booked_on: day.parse().unwrap(), ..booking }
}

#[tokio::test]
async fn old_transactions_are_deleted_and_everything_still_adds_up() {
    let ledger = Ledger::new().await;
    let old = |id: &str, amount: &str| booked_on("2024-06-01", booking(id, amount));
    ledger.write(&[old("old_0", "-1")]).await;
    let sent = [old("old_0", "-2"), old("old_1", "-3"), old("waiting", "-4"), booking("new", "-5")];
    let batch = ledger.write_in_slices(&sent, 2).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    ledger.finish_as(&lease, &claimed, |_| Ok(SHOPPING)).await;
    let repeated = ledger.write(&sent).await.0;

    assert_eq!(delete_transactions(&ledger, 10, 10).await, (2, false));
    let left = "select count(*) from transactions where transaction_id in ('waiting', 'new')";
    assert_eq!(ledger.count(left).await, 2);
    assert_eq!(ledger.count("select count(*) from transactions").await, 2);
    assert_eq!(ledger.count("select count(*) from transaction_revisions").await, 0);
    assert_valid(&ledger).await;
    assert_sums_match_rows(&ledger).await;
    for batch in [batch, repeated] {
        let progress = ledger.progress(batch).await;
        assert_eq!((progress.counts.pending, progress.erased), (2, 2));
    }

    // The unfinished one is deleted once it is finished, and the batches lose their lists.
    ledger.complete(batch).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Nothing);
    assert_eq!(delete_transactions(&ledger, 10, 10).await, (1, false));
    age(&ledger, 91).await;
    assert_eq!(drop_members(&ledger).await, Examined { examined: 2, done: 2 });
    let progress = ledger.progress(batch).await;
    assert_eq!((progress.counts.completed, progress.erased), (1, 3));
    assert_valid(&ledger).await;
}

#[tokio::test]
async fn deleted_transactions_leave_the_list_of_a_batch_with_failures() {
    let ledger = Ledger::new().await;
    let old = booked_on("2024-06-01", booking("old", "-1"));
    let batch = ledger.write(&[old.clone(), booking("failed", "-1"), booking("new", "-1")]).await.0;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result_of = |id: &str| if id == "failed" { Err("no rule") } else { Ok(SHOPPING) };
    ledger.finish_as(&lease, &claimed, result_of).await;
    ledger.finish_if_done(batch).await;
    assert_eq!(delete_transactions(&ledger, 10, 10).await, (1, false));
    age(&ledger, 91).await;
    assert_eq!(drop_members(&ledger).await, ONE_KEPT);
    let list = "select count(*) from batches \
                where erased = 1 and transaction_ids = array[null, 'failed', 'new']";
    assert_eq!(ledger.count(list).await, 1);
    assert_eq!(ledger.progress(batch).await.erased, 1);
    ledger.execute("update deleted_transactions set deleted_at = now() - interval '91 days'").await;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(retention::delete_records(&mut tx, DAYS, 10).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_valid(&ledger).await;

    // The others keep their positions.
    assert_eq!(ledger.retry(batch).await, 1);
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(claimed.iter().map(|row| row.position).collect::<Vec<_>>(), [1]);
    ledger.finish(&lease, &claimed, Ok(SHOPPING)).await;
    assert_eq!(ledger.progress(batch).await.counts.completed, 2);
    // Sent again, it is a new transaction.
    assert_eq!(ledger.write(&[old]).await.1.inserted, 1);
    assert_valid(&ledger).await;
}

#[tokio::test]
async fn posted_transaction_is_not_deleted_before_the_pending_one_that_it_replaces() {
    let ledger = Ledger::new().await;
    let pending = Transaction { is_pending: true, ..booking("pending", "-1") };
    let posted = |id: &str| Transaction {
        pending_transaction_id: Some("pending".to_owned()),
        ..booking(id, "-1")
    };
    let write = async |pending_on: &str, posted_on: &str| {
        let sent = [
            booked_on(pending_on, pending.clone()),
            booked_on(posted_on, posted("posted_0")),
            booked_on(posted_on, posted("posted_1")),
        ];
        let batch = ledger.write(&sent).await.0;
        ledger.complete(batch).await;
        ledger.finish_if_done(batch).await;
    };
    write("2025-06-01", "2024-06-01").await;
    assert_eq!(delete_transactions(&ledger, 10, 10).await.0, 1, "only the one that replaces none");
    assert_valid(&ledger).await;
    write("2024-06-02", "2024-06-01").await;
    assert_eq!(delete_transactions(&ledger, 1, 10).await.0, 2, "both at once");
    assert_valid(&ledger).await;
    write("2024-06-02", "2025-06-01").await;
    while delete_transactions(&ledger, 1, 10).await.0 > 0 {
        assert_valid(&ledger).await;
    }
    let left = "select count(*) from transactions where transaction_id like 'posted%'";
    assert_eq!(ledger.count(left).await, 2);
    assert_eq!(ledger.count("select count(*) from transactions").await, 2);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn transactions_of_all_accounts_are_deleted_a_few_at_a_time() {
    let ledger = Ledger::new().await;
    for account in 0..5 {
        let sent: Vec<_> = (0..7)
            .map(|index| Transaction {
                account_id: format!("acc_{account}"),
                ..booked_on("2024-06-01", booking(&format!("tx_{account}_{index}"), "-1"))
            })
            .collect();
        let batch = ledger.write(&sent).await.0;
        ledger.complete(batch).await;
        ledger.finish_if_done(batch).await;
    }
    let mut turns = Vec::new();
    loop {
        let (done, is_more) = delete_transactions(&ledger, 5, 2).await;
        turns.push(done);
        assert!(done <= 5);
        if !is_more {
            break;
        }
    }
    assert_eq!(turns.iter().sum::<i64>(), 35, "{turns:?}");
    assert_valid(&ledger).await;

    // A locked account is skipped.
    ledger.write(&[booked_on("2024-06-01", booking("tx", "-1"))]).await;
    ledger.execute(COMPLETE).await;
    let mut batch = ledger.begin_on_new_connection().await;
    accounts::upsert(&mut batch, ledger.tenant, &[account("acc")], &[], true).await.unwrap();
    assert_eq!(delete_transactions(&ledger, 5, 10).await.0, 0);
    batch.rollback().await.unwrap();
    assert_eq!(delete_transactions(&ledger, 5, 10).await.0, 1);
}

const COMPLETE: &str = "update transactions set status = 'completed', attempts = 1, \
    category = 'c', primary_code = 'p', detailed_code = 'd', confidence = 'HIGH', rule = 'r', \
    rules_version = 'v', enriched_at = now() where status = 'pending'";
