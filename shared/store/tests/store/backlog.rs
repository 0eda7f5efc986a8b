//! The amount of unfinished work.

use tributary_store::backlog::{self, Backlog};
use tributary_store::outbox::OutboxEntry;
use tributary_testkit::ledger::{bookings, outbox_entry};

use crate::ledger::Ledger;

async fn measure(ledger: &Ledger) -> Backlog {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    backlog::measure(&mut tx).await.unwrap()
}

#[tokio::test]
async fn backlog_counts_unfinished_batches_and_unsent_messages_and_measures_the_oldest() {
    let ledger = Ledger::new().await;
    assert_eq!(measure(&ledger).await, Backlog::default());

    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    let (second, _) = ledger.write(&bookings(3, "-2")).await;
    sqlx::query(
        "update batches set accepted_at = now() - interval '90 seconds' where batch_id = $1",
    )
    .bind(first.0)
    .execute(&mut ledger.database.connection().await)
    .await
    .unwrap();
    for (batch, message_count) in [(first, 1), (second, 3)] {
        let entry = OutboxEntry { message_count, ..outbox_entry(ledger.tenant, batch) };
        ledger.insert_outbox_entry(&entry).await;
    }

    let backlog = measure(&ledger).await;
    assert_eq!((backlog.unfinished_batches, backlog.messages_unsent), (2, 4));
    assert!((90..150).contains(&backlog.oldest_age_s), "{backlog:?}");

    // The second batch changed all rows of the first, which therefore has no work left.
    ledger.finish_if_done(first).await;
    let backlog = measure(&ledger).await;
    assert_eq!(backlog.unfinished_batches, 1);
    assert!(backlog.oldest_age_s < 60, "{backlog:?}");
}
