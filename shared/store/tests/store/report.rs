//! The sums of the report match the rows after every change of the rows.

use chrono::{Days, NaiveDate};
use tributary_domain::{BatchId, Transaction};
use tributary_store::batches::RemainingWork;
use tributary_store::{Store, enrichment, report};
use tributary_testkit::ledger::{booking, bookings, day, instant, money};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, REQUEUE_AFTER, SHOPPING, outcome};
use crate::sums::{assert_sums_match_rows, period, summary};

/// Transactions of two accounts, two days and three currencies; income, spend and zero.
fn mixed_transactions() -> Vec<Transaction> {
    let other = |id: &str, amount: &str| Transaction {
        account_id: "other".to_owned(),
        booked_on: day("2025-10-31"),
        booked_at: Some(instant("2025-10-31T23:59:59.999999Z")),
        ..booking(id, amount)
    };
    vec![
        booking("a", "-0.10"),
        booking("b", "-0.20"),
        booking("c", "1000.01"),
        booking("d", "0"),
        Transaction { money: money("-7", "JPY"), ..booking("e", "1") },
        other("f", "-3.33"),
        other("g", "99999999999999999999999999.99"),
        Transaction { money: money("-0.00012345", "BTC"), ..other("h", "1") },
    ]
}

async fn fold(store: &Store, limit: i64) -> i64 {
    let mut tx = store.begin_for_all().await.unwrap();
    let folded = report::fold(&mut tx, limit).await.unwrap();
    tx.commit().await.unwrap();
    folded
}

#[tokio::test]
async fn sums_match_rows_after_every_step_of_a_batch() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&mixed_transactions(), 4).await;
    assert_sums_match_rows(&ledger).await;

    let (lease, _) = ledger.claim(batch, LEASE).await;
    assert_sums_match_rows(&ledger).await;
    ledger.release(&lease).await;
    assert_sums_match_rows(&ledger).await;

    let (expired, claimed) = ledger.claim(batch, EXPIRED_LEASE).await;
    assert_sums_match_rows(&ledger).await;
    let (other, other_claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!((claimed.len(), other_claimed.len()), (4, 4));
    assert_sums_match_rows(&ledger).await;
    let (part, part_claim) = ledger.claim_expired(batch, LEASE).await;
    let part_rows = part_claim.unwrap().rows;
    assert_eq!(part_rows.len(), 4);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish(&expired, &claimed, Ok(SHOPPING)).await, 0);
    assert_sums_match_rows(&ledger).await;
    let result_of = |id: &str| if id == "a" { Err("no rule") } else { Ok(SHOPPING) };
    assert_eq!(ledger.finish_as(&part, &part_rows, result_of).await, 4);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish(&other, &other_claimed[..3], Ok(SHOPPING)).await, 3);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.retry(batch).await, 1);
    assert_sums_match_rows(&ledger).await;
    ledger.complete(batch).await;
    assert_eq!(ledger.progress(batch).await.counts.completed, 8);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Nothing);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn sums_follow_a_transaction_to_another_day_currency_and_amount() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&mixed_transactions()).await;
    ledger.complete(batch).await;
    let base = booking("a", "-0.10");
    for changed in [
        Transaction {
            booked_on: day("2025-10-29"),
            booked_at: Some(instant("2025-10-29T23:59:59Z")),
            ..base.clone()
        },
        Transaction {
            booked_on: day("2025-10-29"),
            booked_at: Some(instant("2025-10-29T20:00:00-05:00")),
            ..base.clone()
        },
        Transaction { money: money("-0.10", "EUR"), ..base.clone() },
        Transaction { money: money("123456789012345.67", "USD"), ..base.clone() },
        Transaction { description: "other text".to_owned(), ..base.clone() },
        base,
    ] {
        // Revised after it was completed, and while it is leased.
        let (batch, _) = ledger.write(std::slice::from_ref(&changed)).await;
        assert_sums_match_rows(&ledger).await;
        ledger.claim(batch, LEASE).await;
        let revised = Transaction { merchant_name: None, ..changed };
        let (batch, _) = ledger.write(std::slice::from_ref(&revised)).await;
        assert_sums_match_rows(&ledger).await;
        ledger.complete(batch).await;
        assert_sums_match_rows(&ledger).await;
        fold(&ledger.store, 7).await;
        assert_sums_match_rows(&ledger).await;
    }
}

/// Transactions of one account, each on a day of its own.
fn daily_transactions(name: &str, count: u64) -> Vec<Transaction> {
    let on = |index| Transaction {
        booked_on: day("2025-01-01") + Days::new(index),
        ..booking(&format!("{name}_{index}"), "-1")
    };
    (0..count).map(on).collect()
}

async fn fold_batch(ledger: &Ledger, batch: BatchId) -> i64 {
    let mut tx = ledger.begin().await;
    let folded = report::fold_batch(&mut tx, ledger.tenant, batch).await.unwrap();
    tx.commit().await.unwrap();
    folded
}

/// The open rows that ingest adds and enrich removes again never become days.
#[tokio::test]
async fn finished_batch_is_folded_without_open_rows() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&daily_transactions("a", 100)).await;
    ledger.complete(batch).await;
    let elsewhere = Transaction { account_id: "other".to_owned(), ..booking("waiting", "-1") };
    ledger.write(&[elsewhere]).await;
    assert_eq!(fold_batch(&ledger, batch).await, 3);
    assert_sums_match_rows(&ledger).await;
    let open = "select count(*) from report_days where state = 'open'";
    assert_eq!(ledger.count(open).await, 0);
    let packs = "select count(*) from report_packs where account_id = 'other'";
    assert_eq!(ledger.count(packs).await, pack_count(&ledger).await, "other accounts wait");
}

#[tokio::test]
async fn fold_of_a_batch_includes_other_batches_of_its_accounts() {
    let ledger = Ledger::new().await;
    for name in ["a", "b"] {
        let (batch, _) = ledger.write(&daily_transactions(name, 4)).await;
        ledger.complete(batch).await;
    }
    let (last, _) = ledger.write(&daily_transactions("c", 4)).await;
    ledger.complete(last).await;
    assert_eq!(fold_batch(&ledger, last).await, 9);
    assert_eq!(pack_count(&ledger).await, 0);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn batch_does_not_wait_for_another_fold_of_its_account() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&daily_transactions("a", 100)).await;
    ledger.complete(batch).await;
    let mut first = ledger.begin_on_new_connection().await;
    assert_eq!(report::fold_batch(&mut first, ledger.tenant, batch).await.unwrap(), 3);
    let (later, _) = ledger.write(&daily_transactions("b", 100)).await;
    ledger.complete(later).await;
    assert_eq!(fold_batch(&ledger, later).await, 0);
    assert_eq!(fold(&ledger.store, 100).await, 0, "nor does relay");
    first.commit().await.unwrap();
    assert_eq!(fold(&ledger.store, 100).await, 3, "the next fold includes what was skipped");
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn days_that_no_transaction_counts_towards_are_deleted() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "-1"), booking("b", "-2")]).await;
    fold(&ledger.store, 100).await;
    ledger.complete(batch).await;
    fold(&ledger.store, 100).await;
    assert_eq!(ledger.count("select count(*) from report_days").await, 2, "open is empty");
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(report::delete_empty_days(&mut tx, 10).await.unwrap(), 1);
    assert_eq!(report::delete_empty_days(&mut tx, 10).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn folding_keeps_the_sums_and_deletes_all_packs() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&mixed_transactions(), 3).await;
    ledger.complete(batch).await;
    let mut folded = 0;
    loop {
        let count = fold(&ledger.store, 3).await;
        folded += count;
        assert_sums_match_rows(&ledger).await;
        if count < 3 {
            break;
        }
    }
    assert!(folded > 3, "{folded}");
    assert_eq!(pack_count(&ledger).await, 0);
    assert_eq!(fold(&ledger.store, 3).await, 0, "no pack is left");
}

#[tokio::test]
async fn concurrent_folding_and_writing_keeps_the_sums() {
    let ledger = Ledger::new().await;
    let relays = [ledger.database.store(), ledger.database.store()];
    let writer = async {
        for round in 0..15 {
            let revised: Vec<_> = mixed_transactions()
                .into_iter()
                .map(|row| Transaction { description: format!("round {round}"), ..row })
                .collect();
            let (batch, _) = ledger.write(&revised).await;
            ledger.complete(batch).await;
        }
    };
    let is_done = std::cell::Cell::new(false);
    let relay = async |store: &Store| {
        while !is_done.get() {
            fold(store, 5).await;
        }
    };
    tokio::join!(
        async {
            writer.await;
            is_done.set(true);
        },
        relay(&relays[0]),
        relay(&relays[1])
    );
    assert_sums_match_rows(&ledger).await;
    while fold(&ledger.store, 100).await > 0 {}
    assert_eq!(pack_count(&ledger).await, 0);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn accounts_that_another_relay_folds_are_skipped() {
    let ledger = Ledger::new().await;
    ledger.write(&mixed_transactions()).await;
    let total = pack_count(&ledger).await;
    let mut first = ledger.store.begin_for_all().await.unwrap();
    let locked = report::fold(&mut first, 1).await.unwrap();
    let rest = fold(&ledger.database.store(), 100).await;
    assert_eq!((locked, rest, total), (1, 1, 2), "one pack for each account");
    first.rollback().await.unwrap();
    assert_eq!(fold(&ledger.database.store(), 100).await, 1, "the rollback restored the packs");
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn rows_and_sums_change_in_one_commit() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&mixed_transactions()).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let outcomes: Vec<_> = claimed.iter().map(|row| outcome(row, Ok(SHOPPING))).collect();
    let mut tx = ledger.begin().await;
    enrichment::finish(&mut tx, &lease, "rules-1", &outcomes).await.unwrap();
    assert_sums_match_rows(&ledger).await;
    tx.rollback().await.unwrap();
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn period_includes_both_ends_in_booking_days() {
    let ledger = Ledger::new().await;
    let at = |id: &str, when: &str| Transaction {
        booked_on: day(&when[..10]),
        booked_at: Some(instant(when)),
        ..booking(id, "-1")
    };
    ledger
        .write(&[
            at("before", "2025-10-29T23:59:59.999999Z"),
            at("first", "2025-10-30T00:00:00Z"),
            at("last", "2025-10-31T23:59:59.999999Z"),
            at("after", "2025-11-01T00:00:00Z"),
            // The evening of the 29th in New York is the 30th in UTC, but the bank wrote the 29th.
            at("new york", "2025-10-29T22:00:00-04:00"),
        ])
        .await;
    let date = |day| NaiveDate::from_ymd_opt(2025, 10, day).unwrap();
    let sums = summary(&ledger, "acc", period(date(30), date(31))).await;
    assert_eq!(sums.iter().map(|sum| sum.counts.total()).sum::<i64>(), 2);
}

#[tokio::test]
async fn summary_is_empty_without_transactions_and_none_for_an_unknown_account() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "-1")]).await;
    ledger.complete(batch).await;
    // The transaction moves to another day, which leaves no group with zero rows.
    let moved = Transaction {
        booked_on: day("2025-10-29"),
        booked_at: Some(instant("2025-10-29T08:00:00Z")),
        ..booking("a", "-1")
    };
    ledger.write(&[moved]).await;
    let date = NaiveDate::from_ymd_opt(2025, 10, 30).unwrap();
    assert_eq!(summary(&ledger, "acc", period(date, date)).await, []);
    let mut tx = ledger.begin().await;
    let unknown = report::summary(&mut tx, ledger.tenant, "unknown", period(date, date)).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn sums_match_rows_after_concurrent_enrichment() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(200, "-0.10"), 17).await;
    let work = async || {
        let store = ledger.database.store();
        loop {
            let lease = ledger.lease(batch, LEASE);
            let mut tx = store.begin(ledger.tenant).await.unwrap();
            let claim = enrichment::claim(&mut tx, &lease, REQUEUE_AFTER).await.unwrap();
            tx.commit().await.unwrap();
            let Some(claim) = claim else { return };
            let outcomes: Vec<_> =
                claim.rows.iter().map(|row| outcome(row, Ok(SHOPPING))).collect();
            let mut tx = store.begin(ledger.tenant).await.unwrap();
            enrichment::finish(&mut tx, &lease, "rules-1", &outcomes).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    tokio::join!(work(), work(), work());
    assert_eq!(ledger.progress(batch).await.counts.completed, 200);
    assert_sums_match_rows(&ledger).await;
}

async fn pack_count(ledger: &Ledger) -> i64 {
    ledger.count("select count(*) from report_packs").await
}
