//! The outbox: entries are sent once, and by whoever holds them.

use std::time::Duration;

use tributary_domain::BatchId;
use tributary_store::batches::RemainingWork;
use tributary_store::outbox::{self, OutboxEntry};
use tributary_testkit::ledger::{booking, outbox_entry};

use crate::ledger::{LEASE, Ledger, NO_LEASE};

/// How old something is that is minded at once.
const NOW: Duration = Duration::ZERO;
const MINUTE: Duration = Duration::from_secs(60);

impl Ledger {
    async fn enqueue(&self, batch: BatchId) -> OutboxEntry {
        let entry = OutboxEntry {
            trace_header: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
            message_count: 3,
            ..outbox_entry(self.tenant, batch)
        };
        let mut tx = self.begin().await;
        outbox::insert(&mut tx, &entry).await.unwrap();
        tx.commit().await.unwrap();
        entry
    }

    async fn enqueue_new(&self, id: &str) -> OutboxEntry {
        let (batch, _) = self.write(&[booking(id, "1")]).await;
        self.enqueue(batch).await
    }

    async fn take(&self, age: Duration, limit: i64) -> Vec<OutboxEntry> {
        let mut tx = self.database.store().begin_for_all().await.unwrap();
        outbox::lock_due(&mut tx, age, limit).await.unwrap()
    }

    async fn requeue_stalled(&self, age: Duration, limit: i64) -> u64 {
        let mut tx = self.store.begin_for_all().await.unwrap();
        let entry = outbox::requeue_stalled(&mut tx, age, limit).await.unwrap();
        tx.commit().await.unwrap();
        entry
    }
}

#[tokio::test]
async fn what_is_owed_is_taken_the_oldest_first_as_it_was_written() {
    let ledger = Ledger::new().await;
    let entries = [
        ledger.enqueue_new("a").await,
        ledger.enqueue_new("b").await,
        ledger.enqueue_new("c").await,
    ];
    assert_eq!(ledger.take(NOW, 2).await, entries[..2]);
    assert_eq!(ledger.take(NOW, 10).await, entries, "an entry that was not deleted is still due");
}

#[tokio::test]
async fn what_one_relay_holds_is_passed_over_by_another() {
    let ledger = Ledger::new().await;
    let entries = [ledger.enqueue_new("a").await, ledger.enqueue_new("b").await];
    let mut first = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(outbox::lock_due(&mut first, NOW, 1).await.unwrap(), entries[..1]);
    assert_eq!(ledger.take(NOW, 10).await, entries[1..]);
    drop(first);
    assert_eq!(ledger.take(NOW, 10).await, entries);
}

#[tokio::test]
async fn what_is_struck_out_is_owed_no_more() {
    let ledger = Ledger::new().await;
    let entries = [ledger.enqueue_new("a").await, ledger.enqueue_new("b").await];
    let mut tx = ledger.begin().await;
    outbox::delete(&mut tx, &entries[0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ledger.take(NOW, 10).await, entries[1..]);
}

#[tokio::test]
async fn a_debt_that_was_written_after_a_send_outlives_its_strike_out() {
    let ledger = Ledger::new().await;
    let first = ledger.enqueue_new("a").await;
    // A retry of the same batch, between the first one's send and its strike-out.
    let second = ledger.enqueue(first.batch).await;
    let mut tx = ledger.begin().await;
    outbox::delete(&mut tx, &first).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ledger.take(NOW, 10).await, [second]);
}

#[tokio::test]
async fn what_is_owed_for_less_than_the_age_is_left_to_ingest() {
    let ledger = Ledger::new().await;
    ledger.enqueue_new("a").await;
    assert_eq!(ledger.take(MINUTE, 10).await, []);
    sqlx::query("update outbox set created_at = created_at - interval '1 minute'")
        .execute(&mut ledger.database.connection().await)
        .await
        .unwrap();
    assert_eq!(ledger.take(MINUTE, 10).await.len(), 1);
}

#[tokio::test]
async fn an_unfinished_batch_that_nobody_works_on_is_owed_once_more() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 0, "it is young");
    sqlx::query("update batches set announced_at = announced_at - interval '1 minute'")
        .execute(&mut ledger.database.connection().await)
        .await
        .unwrap();
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 1);
    let mut tx = ledger.begin().await;
    outbox::delete(&mut tx, &ledger.take(NOW, 10).await[0]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 0, "it was announced a moment ago");
    assert_eq!(ledger.requeue_stalled(NOW, 10).await, 1);
    assert_eq!(ledger.requeue_stalled(NOW, 10).await, 0, "it has an entry already");
    let taken = ledger.take(NOW, 10).await;
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].batch, taken[0].message_count), (batch, 1));
    assert_eq!((taken[0].tenant, taken[0].correlation_id.as_str()), (ledger.tenant, "test"));
}

#[tokio::test]
async fn a_batch_is_stranded_only_when_it_is_unfinished_and_no_lease_on_it_lives() {
    let ledger = Ledger::new().await;
    let (held, _) = ledger.write(&[booking("held", "1")]).await;
    ledger.claim(held, LEASE, 10).await;
    let (finished, _) = ledger.write(&[booking("finished", "1")]).await;
    ledger.complete(finished).await;
    assert_eq!(ledger.finish_if_done(finished).await, RemainingWork::Nothing);
    assert_eq!(ledger.requeue_stalled(NOW, 10).await, 0);

    let (expired, _) = ledger.write(&[booking("expired", "1")]).await;
    ledger.claim(expired, NO_LEASE, 10).await;
    // All rows are done, but whoever did the last one died before it marked the batch.
    let (unmarked, _) = ledger.write(&[booking("unmarked", "1")]).await;
    ledger.complete(unmarked).await;
    assert_eq!(ledger.requeue_stalled(NOW, 10).await, 2);
    let batches: Vec<_> = ledger.take(NOW, 10).await.into_iter().map(|entry| entry.batch).collect();
    assert_eq!(batches, [expired, unmarked]);
}

#[tokio::test]
async fn no_more_stranded_batches_are_owed_for_than_are_asked_for() {
    let ledger = Ledger::new().await;
    let mut written = Vec::new();
    for id in ["a", "b", "c"] {
        written.push(ledger.write(&[booking(id, "1")]).await.0);
    }
    assert_eq!(ledger.requeue_stalled(NOW, 2).await, 2);
    let entry: Vec<_> = ledger.take(NOW, 10).await.into_iter().map(|entry| entry.batch).collect();
    assert_eq!(entry, written[..2], "the others are let be, and come next");
}
