//! The sums of the report match the rows after every change of the rows.

use chrono::NaiveDate;
use tributary_domain::Transaction;
use tributary_store::{Store, enrichment, report};
use tributary_testkit::ledger::{booking, bookings, instant, money};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, SHOPPING, ids};
use crate::sums::{assert_sums_match_rows, period, summary};

/// Transactions of two accounts, two days and three currencies; income, spend and zero.
fn mixed_transactions() -> Vec<Transaction> {
    let other = |id: &str, amount: &str| Transaction {
        account_id: "other".to_owned(),
        booked_at: instant("2025-10-31T23:59:59.999999Z"),
        ..booking(id, amount)
    };
    vec![
        booking("a", "-0.10"),
        booking("b", "-0.20"),
        booking("c", "1000.01"),
        booking("d", "0"),
        Transaction { money: money("-7", "JPY"), ..booking("e", "1") },
        other("f", "-3.33"),
        other("g", "4.44"),
        Transaction { money: money("-0.001", "BHD"), ..other("h", "1") },
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
    let (batch, _) = ledger.write(&mixed_transactions()).await;
    assert_sums_match_rows(&ledger).await;

    let (lease, _) = ledger.claim(batch, LEASE, 3).await;
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.release(&lease).await, 3);
    assert_sums_match_rows(&ledger).await;

    let (expired, _) = ledger.claim(batch, EXPIRED_LEASE, 4).await;
    assert_sums_match_rows(&ledger).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(claimed.len(), 8, "including those of the expired lease");
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish(&expired, &["a", "b"], Ok(SHOPPING)).await, 0);
    assert_sums_match_rows(&ledger).await;

    assert_eq!(ledger.finish(&lease, &["a", "c", "e", "f"], Ok(SHOPPING)).await, 4);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish(&lease, &["b", "d", "g"], Err("no rule")).await, 3);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.release(&lease).await, 1);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn sums_follow_a_transaction_to_another_account_day_currency_and_amount() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&mixed_transactions()).await;
    ledger.complete(batch).await;
    let base = booking("a", "-0.10");
    for changed in [
        Transaction { account_id: "other".to_owned(), ..base.clone() },
        Transaction { account_id: "third".to_owned(), ..base.clone() },
        Transaction { booked_at: instant("2025-10-29T23:59:59Z"), ..base.clone() },
        Transaction { booked_at: instant("2025-10-29T20:00:00-05:00"), ..base.clone() },
        Transaction { money: money("-0.10", "EUR"), ..base.clone() },
        Transaction { money: money("123456789012345.67", "USD"), ..base.clone() },
        Transaction { description: "other text".to_owned(), ..base.clone() },
        base,
    ] {
        // Revised after it was completed, and while it is leased.
        let (batch, _) = ledger.write(std::slice::from_ref(&changed)).await;
        assert_sums_match_rows(&ledger).await;
        ledger.claim(batch, LEASE, 10).await;
        let revised = Transaction { merchant_name: None, ..changed };
        let (batch, _) = ledger.write(std::slice::from_ref(&revised)).await;
        assert_sums_match_rows(&ledger).await;
        ledger.complete(batch).await;
        assert_sums_match_rows(&ledger).await;
        fold(&ledger.store, 7).await;
        assert_sums_match_rows(&ledger).await;
    }
}

#[tokio::test]
async fn folding_keeps_the_sums_and_deletes_all_deltas() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&mixed_transactions()).await;
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
    assert_eq!(delta_count(&ledger).await, 0);
    assert_eq!(fold(&ledger.store, 3).await, 0, "no delta is left");
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
    assert_eq!(delta_count(&ledger).await, 0);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn deltas_locked_by_another_relay_are_skipped() {
    let ledger = Ledger::new().await;
    ledger.write(&mixed_transactions()).await;
    let total = delta_count(&ledger).await;
    let mut first = ledger.store.begin_for_all().await.unwrap();
    let locked = report::fold(&mut first, 2).await.unwrap();
    let rest = fold(&ledger.database.store(), 100).await;
    assert_eq!((locked, rest), (2, total - 2));
    drop(first);
    assert_eq!(fold(&ledger.database.store(), 100).await, 2, "the rollback restored the deltas");
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn rows_and_sums_change_in_one_commit() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&mixed_transactions()).await;
    let lease = ledger.lease(batch, LEASE);
    let mut tx = ledger.begin().await;
    enrichment::claim(&mut tx, &lease, 100).await.unwrap();
    assert_sums_match_rows(&ledger).await;
    drop(tx);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn period_includes_both_ends_in_utc_days() {
    let ledger = Ledger::new().await;
    let at = |id: &str, when: &str| Transaction { booked_at: instant(when), ..booking(id, "-1") };
    ledger
        .write(&[
            at("before", "2025-10-29T23:59:59.999999Z"),
            at("first", "2025-10-30T00:00:00Z"),
            at("last", "2025-10-31T23:59:59.999999Z"),
            at("after", "2025-11-01T00:00:00Z"),
            // The evening of the 29th in New York is the 30th in UTC.
            at("new york", "2025-10-29T22:00:00-04:00"),
        ])
        .await;
    let date = |day| NaiveDate::from_ymd_opt(2025, 10, day).unwrap();
    let sums = summary(&ledger, "acc", period(date(30), date(31))).await;
    assert_eq!(sums.iter().map(|sum| sum.transaction_count).sum::<i64>(), 3);
}

#[tokio::test]
async fn summary_is_empty_without_transactions_and_none_for_an_unknown_account() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "-1")]).await;
    ledger.complete(batch).await;
    // The transaction moves to another account, which leaves no group with zero rows.
    ledger.write(&[Transaction { account_id: "other".to_owned(), ..booking("a", "-1") }]).await;
    let date = NaiveDate::from_ymd_opt(2025, 10, 30).unwrap();
    assert_eq!(summary(&ledger, "acc", period(date, date)).await, []);
    let mut tx = ledger.begin().await;
    let unknown = report::summary(&mut tx, ledger.tenant, "unknown", period(date, date)).await;
    assert_eq!(unknown.unwrap(), None);
}

#[tokio::test]
async fn sums_match_rows_after_concurrent_enrichment() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(200, "-0.10")).await;
    let work = async || {
        let store = ledger.database.store();
        loop {
            let lease = ledger.lease(batch, LEASE);
            let mut tx = store.begin(ledger.tenant).await.unwrap();
            let claimed = enrichment::claim(&mut tx, &lease, 17).await.unwrap();
            tx.commit().await.unwrap();
            if claimed.is_empty() {
                return;
            }
            let outcomes: Vec<_> = ids(&claimed)
                .into_iter()
                .map(|id| enrichment::Outcome { transaction_id: id, result: Ok(SHOPPING) })
                .collect();
            let mut tx = store.begin(ledger.tenant).await.unwrap();
            enrichment::finish(&mut tx, &lease, "rules-1", &outcomes).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    tokio::join!(work(), work(), work());
    assert_eq!(ledger.progress(batch).await.counts.completed, 200);
    assert_sums_match_rows(&ledger).await;
}

async fn delta_count(ledger: &Ledger) -> i64 {
    ledger.count("select count(*) from report_deltas").await
}
