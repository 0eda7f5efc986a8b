//! How much work is left.

use tributary_store::backlog::{self, Backlog};
use tributary_store::outbox::{self, OutboxEntry};
use tributary_testkit::ledger::{bookings, outbox_entry};

use crate::ledger::Ledger;

async fn measured(ledger: &Ledger) -> Backlog {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    backlog::measure(&mut tx).await.unwrap()
}

#[tokio::test]
async fn unfinished_batches_and_owed_messages_are_counted_and_the_oldest_is_timed() {
    let ledger = Ledger::new().await;
    assert_eq!(measured(&ledger).await, Backlog::default());

    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    let (second, _) = ledger.write(&bookings(3, "-2")).await;
    sqlx::query(
        "update batches set accepted_at = now() - interval '90 seconds' where batch_id = $1",
    )
    .bind(first.0)
    .execute(&mut ledger.database.connection().await)
    .await
    .unwrap();
    let mut tx = ledger.begin().await;
    for (batch, message_count) in [(first, 1), (second, 3)] {
        let entry = OutboxEntry { message_count, ..outbox_entry(ledger.tenant, batch) };
        outbox::insert(&mut tx, &entry).await.unwrap();
    }
    tx.commit().await.unwrap();

    let left = measured(&ledger).await;
    assert_eq!((left.unfinished_batches, left.messages_unsent), (2, 4));
    assert!((90..150).contains(&left.oldest_age_s), "{left:?}");

    // The rows of the first went to the second, which brought them again.
    ledger.finish_if_done(first).await;
    let left = measured(&ledger).await;
    assert_eq!(left.unfinished_batches, 1);
    assert!(left.oldest_age_s < 60, "{left:?}");
}
