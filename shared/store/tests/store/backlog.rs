//! The amount of unfinished work.

use tributary_store::backlog::{self, Backlog};
use tributary_testkit::ledger::bookings;

use crate::ledger::Ledger;

async fn measure(ledger: &Ledger) -> Backlog {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    backlog::measure(&mut tx).await.unwrap()
}

#[tokio::test]
async fn backlog_counts_unfinished_batches_and_due_announcements_and_measures_the_oldest() {
    let ledger = Ledger::new().await;
    assert_eq!(measure(&ledger).await, Backlog::default());

    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    ledger.write(&bookings(3, "-2")).await;
    sqlx::query(
        "update batches set accepted_at = now() - interval '90 seconds' where batch_id = $1",
    )
    .bind(first.0)
    .execute(&mut ledger.database.connection().await)
    .await
    .unwrap();
    assert_eq!(measure(&ledger).await.announcements_due, 0);
    ledger.execute("update batches set announce_at = now() - interval '1 second'").await;

    let backlog = measure(&ledger).await;
    assert_eq!((backlog.unfinished_batches, backlog.announcements_due), (2, 2));
    assert!((90..150).contains(&backlog.oldest_age_s), "{backlog:?}");

    // The second batch changed all rows of the first, which therefore has no work left.
    ledger.complete(first).await;
    ledger.finish_if_done(first).await;
    let backlog = measure(&ledger).await;
    assert_eq!(backlog.unfinished_batches, 1);
    assert!(backlog.oldest_age_s < 60, "{backlog:?}");
}
