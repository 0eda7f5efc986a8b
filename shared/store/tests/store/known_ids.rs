//! Transactions whose ids are already stored: what changes them, and what is another transaction.

use tributary_domain::{BatchId, Transaction};
use tributary_store::transactions::{
    self, Conflicts, DAYS_MOVED_MAX, ReusedId, WriteOutcome, Written,
};
use tributary_testkit::ledger::{account, booking, day, insert_batch, instant, money};
use uuid::Uuid;

use crate::ledger::Ledger;
use crate::sums::assert_sums_match_rows;

const ONE_UNCHANGED: Written =
    Written { inserted: 0, updated: 0, unchanged: 1, removed: 0, removed_unknown: 0 };
const ONE_UPDATED: Written =
    Written { inserted: 0, updated: 1, unchanged: 0, removed: 0, removed_unknown: 0 };

/// Writes a transaction in a database transaction that is rolled back if it is refused.
async fn write(ledger: &Ledger, sent: &Transaction) -> WriteOutcome {
    let batch = BatchId(Uuid::now_v7());
    let mut tx = ledger.begin().await;
    let accounts = [account(&sent.account_id)];
    let sent = std::slice::from_ref(sent);
    insert_batch(&mut tx, ledger.tenant, batch, sent, None).await.unwrap();
    tributary_store::accounts::upsert(&mut tx, ledger.tenant, &accounts, &[], true).await.unwrap();
    let outcome =
        transactions::write(&mut tx, ledger.tenant, batch, sent, &[], true).await.unwrap();
    if let WriteOutcome::Written(written) = outcome {
        tributary_store::batches::correct(&mut tx, ledger.tenant, batch, written, 1).await.unwrap();
        tx.commit().await.unwrap();
    }
    outcome
}

#[tokio::test]
async fn posted_transaction_does_not_become_pending_again() {
    let ledger = Ledger::new().await;
    let pending = Transaction { is_pending: true, ..booking("tx", "-20") };
    let posted = booking("tx", "-23");
    ledger.write(std::slice::from_ref(&pending)).await;
    assert_eq!(write(&ledger, &posted).await, WriteOutcome::Written(ONE_UPDATED));
    assert_eq!(write(&ledger, &pending).await, WriteOutcome::Written(ONE_UNCHANGED));
    let stored = &ledger.rows().await[0];
    assert!(!stored.is_pending);
    assert_eq!(stored.amount, posted.money.amount());
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn plain_date_on_the_stored_day_keeps_the_time() {
    let ledger = Ledger::new().await;
    let timed = booking("tx", "-1");
    let plain = Transaction { booked_at: None, ..timed.clone() };
    ledger.write(std::slice::from_ref(&timed)).await;
    assert_eq!(write(&ledger, &plain).await, WriteOutcome::Written(ONE_UNCHANGED));
    let changed = Transaction { description: "other".to_owned(), ..plain.clone() };
    assert_eq!(write(&ledger, &changed).await, WriteOutcome::Written(ONE_UPDATED));
    assert_eq!(ledger.rows().await[0].booked_at, timed.booked_at);
    // A time on that day is new content, and another day has no time.
    let later = Transaction { booked_at: Some(instant("2025-10-30T09:00:00Z")), ..changed.clone() };
    assert_eq!(write(&ledger, &later).await, WriteOutcome::Written(ONE_UPDATED));
    let next_day = Transaction { booked_on: day("2025-10-31"), ..changed };
    assert_eq!(write(&ledger, &next_day).await, WriteOutcome::Written(ONE_UPDATED));
    assert_eq!(ledger.rows().await[0].booked_at, None);
}

/// A transaction that differs from `booking("tx", "-1")` in amount and texts.
fn other(booked_on: &str) -> Transaction {
    Transaction {
        booked_on: day(booked_on),
        description: "RENT".to_owned(),
        merchant_name: Some("Landlord".to_owned()),
        ..booking("tx", "-900")
    }
}

#[tokio::test]
async fn id_of_another_posted_transaction_is_refused_with_what_is_stored() {
    let ledger = Ledger::new().await;
    let stored = Transaction { booked_on: day("2025-10-10"), ..booking("tx", "-1") };
    ledger.write(std::slice::from_ref(&stored)).await;
    let reused = ReusedId {
        position: 0,
        booked_on: stored.booked_on,
        amount: stored.money.amount(),
        currency: "USD".to_owned(),
        description: stored.description.clone(),
    };
    let expected = Conflicts { reused_ids: vec![reused], ..Conflicts::default() };
    for sent in [
        other("2025-10-18"),
        other("2025-10-02"),
        Transaction { merchant_name: None, ..other("2025-10-18") },
    ] {
        assert_eq!(write(&ledger, &sent).await, WriteOutcome::Conflicts(expected.clone()));
    }
    // A late pending copy is no other transaction, whatever it says.
    let pending = Transaction { is_pending: true, ..other("2025-10-18") };
    assert_eq!(write(&ledger, &pending).await, WriteOutcome::Written(ONE_UNCHANGED));
    assert_eq!(ledger.rows().await[0].revision, 1);
}

#[tokio::test]
async fn transaction_that_keeps_its_week_amount_or_text_is_the_same_one() {
    assert_eq!(DAYS_MOVED_MAX, 7);
    let stored = Transaction { booked_on: day("2025-10-10"), ..booking("tx", "-1") };
    let same_text = stored.description.clone();
    let same_merchant = stored.merchant_name.clone();
    for sent in [
        other("2025-10-17"),
        other("2025-10-03"),
        Transaction { money: money("-1", "USD"), ..other("2025-12-01") },
        Transaction { description: same_text, ..other("2025-12-01") },
        Transaction { merchant_name: same_merchant, ..other("2025-12-01") },
    ] {
        let ledger = Ledger::new().await;
        ledger.write(std::slice::from_ref(&stored)).await;
        assert_eq!(write(&ledger, &sent).await, WriteOutcome::Written(ONE_UPDATED), "{sent:?}");
    }
    // A pending one may become anything, since it may be another authorisation.
    let ledger = Ledger::new().await;
    ledger.write(&[Transaction { is_pending: true, ..stored }]).await;
    let sent = other("2025-12-01");
    assert_eq!(write(&ledger, &sent).await, WriteOutcome::Written(ONE_UPDATED));
}

#[tokio::test]
async fn id_of_a_removed_transaction_may_be_reused() {
    let ledger = Ledger::new().await;
    ledger.write(&[Transaction { booked_on: day("2025-10-10"), ..booking("tx", "-1") }]).await;
    ledger.remove("tx").await;
    let sent = other("2025-12-01");
    assert_eq!(write(&ledger, &sent).await, WriteOutcome::Written(ONE_UPDATED));
    assert_sums_match_rows(&ledger).await;
}
