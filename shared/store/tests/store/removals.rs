//! Removed transactions are in no total, and otherwise go on as before.

use tributary_domain::{Removal, Transaction};
use tributary_store::transactions::{self, PageQuery, Written, stored};
use tributary_testkit::ledger::{booking, day, removal, write_with};

use crate::ledger::{LEASE, Ledger, SHOPPING, account_page};
use crate::sums::{assert_sums_match_rows, period, summary};

/// The number of transactions in the totals of the account `acc`.
async fn counted(ledger: &Ledger) -> i64 {
    let period = period(day("2025-10-01"), day("2025-10-31"));
    summary(ledger, "acc", period).await.iter().map(|sum| sum.counts.total()).sum()
}

#[tokio::test]
async fn removed_transaction_leaves_every_total_at_once_and_comes_back_when_it_is_sent_again() {
    let ledger = Ledger::new().await;
    let sent = [booking("a", "-1"), booking("b", "-2")];
    let (batch, _) = ledger.write(&sent).await;
    ledger.complete(batch).await;
    let removals = [removal("a"), removal("unknown")];
    let (removing, written) =
        write_with(&ledger.store, ledger.tenant, &[], &removals).await.unwrap();
    assert_eq!(written, Written { removed: 1, removed_unknown: 1, ..Written::default() });
    assert_eq!(counted(&ledger).await, 1);
    assert_sums_match_rows(&ledger).await;
    let progress = ledger.progress(removing).await;
    assert_eq!((progress.batch.removed, progress.batch.removed_unknown), (1, 1));
    assert!(progress.finished_at.is_some(), "a batch without transactions has no work");
    // The batch that brought it still counts it.
    assert_eq!(ledger.progress(batch).await.counts.completed, 2);

    // Once more changes nothing, but counts the same.
    let removed_at = ledger.rows().await[0].removed_at;
    let again = write_with(&ledger.store, ledger.tenant, &[], &removals).await.unwrap().1;
    assert_eq!(again, written);
    assert_eq!(ledger.rows().await[0].removed_at, removed_at);

    let (back, written) = ledger.write(&sent).await;
    assert_eq!(written, Written { updated: 1, unchanged: 1, ..Written::default() });
    ledger.complete(back).await;
    assert_eq!(counted(&ledger).await, 2);
    assert_sums_match_rows(&ledger).await;
    let mut tx = ledger.begin().await;
    let revisions = transactions::revisions(&mut tx, ledger.tenant, "a").await.unwrap();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0].content.removed_at, removed_at);
}

#[tokio::test]
async fn removal_while_a_worker_holds_the_row_does_not_stop_it() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "-1"), booking("b", "-2")]).await;
    let (lease, rows) = ledger.claim(batch, LEASE).await;
    ledger.remove("a").await;
    assert_eq!(counted(&ledger).await, 1);
    assert_sums_match_rows(&ledger).await;
    assert_eq!(ledger.finish(&lease, &rows, Ok(SHOPPING)).await, 2);
    assert_sums_match_rows(&ledger).await;
    let stored = ledger.rows().await;
    assert_eq!(stored.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(), ["completed"; 2]);
    assert_eq!(counted(&ledger).await, 1);
}

#[tokio::test]
async fn removal_under_another_account_is_refused() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "-1")]).await;
    let mut tx = ledger.begin().await;
    let batch = tributary_domain::BatchId(uuid::Uuid::now_v7());
    let removals = [
        Removal { account_id: Some("acc".to_owned()), ..removal("unknown") },
        Removal { account_id: Some("other".to_owned()), ..removal("a") },
    ];
    let outcome =
        transactions::write(&mut tx, ledger.tenant, batch, &[], &removals, false).await.unwrap();
    let conflicts = transactions::Conflicts {
        removals_of_other_account: vec![1],
        ..transactions::Conflicts::default()
    };
    assert_eq!(outcome, transactions::WriteOutcome::Conflicts(conflicts));
    assert!(!transactions::remove_one(&mut tx, ledger.tenant, "other", "a").await.unwrap());
    assert!(!transactions::remove_one(&mut tx, ledger.tenant, "acc", "unknown").await.unwrap());
}

#[tokio::test]
async fn removal_of_a_posted_transaction_does_not_bring_back_the_pending_one() {
    let ledger = Ledger::new().await;
    let pending = Transaction { is_pending: true, ..booking("p", "-1") };
    let posted = Transaction { pending_transaction_id: Some("p".to_owned()), ..booking("q", "-2") };
    ledger.write(&[pending.clone(), posted.clone()]).await;
    ledger.remove("q").await;
    assert_eq!(counted(&ledger).await, 0);
    // Neither does the pending one when it is sent again, nor a late pending copy of the posted one.
    let late = Transaction { is_pending: true, pending_transaction_id: None, ..posted.clone() };
    let (_, written) = ledger.write(&[pending.clone(), late]).await;
    assert_eq!(written, Written { unchanged: 2, ..Written::default() });
    assert_eq!(counted(&ledger).await, 0);
    // A removed pending one that was replaced stays out, even if it is sent again.
    ledger.remove("p").await;
    let (_, written) = ledger.write(&[pending]).await;
    assert_eq!(written, Written { updated: 1, ..Written::default() });
    assert_eq!(counted(&ledger).await, 0);
    let (_, written) = ledger.write(&[posted]).await;
    assert_eq!(written, Written { updated: 1, ..Written::default() });
    assert_eq!(counted(&ledger).await, 1);
    assert_sums_match_rows(&ledger).await;
}

#[tokio::test]
async fn removed_transactions_are_in_lists_only_on_request() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "-1"), booking("b", "-2"), booking("c", "-3")]).await;
    ledger.remove("b").await;
    let mut tx = ledger.begin().await;
    for (include_removed, expected) in [(false, vec!["c", "a"]), (true, vec!["c", "b", "a"])] {
        let query = PageQuery { include_removed, ..account_page("acc") };
        let page = transactions::page(&mut tx, ledger.tenant, &query).await.unwrap();
        let ids: Vec<_> = page.transactions.iter().map(|it| it.transaction_id.as_str()).collect();
        assert_eq!((ids, page.next), (expected, None));
    }
    let one = stored::one(&mut tx, ledger.tenant, "acc", "b").await.unwrap().unwrap();
    assert!(one.removed_at.is_some());
    assert!(stored::one(&mut tx, ledger.tenant, "other", "b").await.unwrap().is_none());
}

/// A removal waits for a batch that writes the same row, and the other way round: the later one
/// counts.
#[tokio::test]
async fn removal_and_update_of_one_transaction_are_serialised() {
    let ledger = Ledger::new().await;
    ledger.write(&[booking("a", "-1")]).await;
    for (round, removal_first) in [true, false, true, false].into_iter().enumerate() {
        ledger.write(&[booking("a", &format!("-1{round}"))]).await;
        let mut tx = ledger.begin_on_new_connection().await;
        let changed = booking("a", &format!("-2{round}"));
        if removal_first {
            assert!(transactions::remove_one(&mut tx, ledger.tenant, "acc", "a").await.unwrap());
            let (written, ()) = tokio::join!(
                ledger.write(std::slice::from_ref(&changed)),
                commit_when_waited_for(&ledger, tx),
            );
            assert_eq!(written.1.updated, 1);
        } else {
            let batch = tributary_domain::BatchId(uuid::Uuid::now_v7());
            let sent = std::slice::from_ref(&changed);
            tributary_testkit::ledger::write_in(&mut tx, ledger.tenant, batch, sent, true)
                .await
                .unwrap()
                .unwrap();
            tokio::join!(ledger.remove("a"), commit_when_waited_for(&ledger, tx));
        }
        assert_eq!(counted(&ledger).await, i64::from(removal_first));
        let row = &ledger.rows().await[0];
        assert_eq!(row.amount, changed.money.amount(), "round {round}");
        assert_sums_match_rows(&ledger).await;
    }
}

/// Commits once another database transaction waits for a lock.
async fn commit_when_waited_for(ledger: &Ledger, tx: tributary_store::Tx) {
    ledger.wait_for_blocked_connection().await;
    tx.commit().await.unwrap();
}
