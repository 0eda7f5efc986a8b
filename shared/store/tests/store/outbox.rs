//! The outbox: due entries, locks, deletion and stalled batches.

use std::time::Duration;

use tributary_domain::BatchId;
use tributary_store::batches::RemainingWork;
use tributary_store::outbox::{self, OutboxEntry};
use tributary_testkit::ledger::{booking, outbox_entry};

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger};

/// Entries and batches of any age.
const ANY_AGE: Duration = Duration::ZERO;
const MINUTE: Duration = Duration::from_secs(60);

impl Ledger {
    async fn enqueue(&self, batch: BatchId) -> OutboxEntry {
        let entry = OutboxEntry {
            trace_header: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
            message_count: 3,
            ..outbox_entry(self.tenant, batch)
        };
        self.insert_outbox_entry(&entry).await;
        entry
    }

    /// Writes a batch of one transaction and its outbox entry.
    async fn enqueue_new(&self, id: &str) -> OutboxEntry {
        let (batch, _) = self.write(&[booking(id, "1")]).await;
        self.enqueue(batch).await
    }

    /// Deletes an outbox entry and commits.
    async fn delete_entry(&self, entry: &OutboxEntry) {
        let mut tx = self.begin().await;
        outbox::delete(&mut tx, entry).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Returns the due entries that are not locked. The lock ends at once.
    async fn due_entries(&self, age: Duration, limit: i64) -> Vec<OutboxEntry> {
        let mut tx = self.database.store().begin_for_all().await.unwrap();
        outbox::lock_due(&mut tx, age, limit).await.unwrap()
    }

    async fn requeue_stalled(&self, age: Duration, limit: i64) -> u64 {
        let mut tx = self.store.begin_for_all().await.unwrap();
        let requeued = outbox::requeue_stalled(&mut tx, age, limit).await.unwrap();
        tx.commit().await.unwrap();
        requeued
    }
}

#[tokio::test]
async fn due_entries_are_returned_oldest_first() {
    let ledger = Ledger::new().await;
    let entries = [
        ledger.enqueue_new("a").await,
        ledger.enqueue_new("b").await,
        ledger.enqueue_new("c").await,
    ];
    assert_eq!(ledger.due_entries(ANY_AGE, 2).await, entries[..2]);
    assert_eq!(
        ledger.due_entries(ANY_AGE, 10).await,
        entries,
        "an entry that was not deleted is still due"
    );
}

#[tokio::test]
async fn entry_locked_by_another_relay_is_skipped() {
    let ledger = Ledger::new().await;
    let entries = [ledger.enqueue_new("a").await, ledger.enqueue_new("b").await];
    let mut first = ledger.store.begin_for_all().await.unwrap();
    assert_eq!(outbox::lock_due(&mut first, ANY_AGE, 1).await.unwrap(), entries[..1]);
    assert_eq!(ledger.due_entries(ANY_AGE, 10).await, entries[1..]);
    drop(first);
    assert_eq!(ledger.due_entries(ANY_AGE, 10).await, entries);
}

#[tokio::test]
async fn deleted_entry_is_no_longer_due() {
    let ledger = Ledger::new().await;
    let entries = [ledger.enqueue_new("a").await, ledger.enqueue_new("b").await];
    ledger.delete_entry(&entries[0]).await;
    assert_eq!(ledger.due_entries(ANY_AGE, 10).await, entries[1..]);
}

#[tokio::test]
async fn entry_replaced_after_a_send_is_not_deleted() {
    let ledger = Ledger::new().await;
    let first = ledger.enqueue_new("a").await;
    // The same batch is retried after the first entry was sent and before it is deleted.
    let second = ledger.enqueue(first.batch).await;
    ledger.delete_entry(&first).await;
    assert_eq!(ledger.due_entries(ANY_AGE, 10).await, [second]);
}

#[tokio::test]
async fn entry_younger_than_the_age_is_not_due() {
    let ledger = Ledger::new().await;
    ledger.enqueue_new("a").await;
    assert_eq!(ledger.due_entries(MINUTE, 10).await, []);
    ledger.execute("update outbox set created_at = created_at - interval '1 minute'").await;
    assert_eq!(ledger.due_entries(MINUTE, 10).await.len(), 1);
}

#[tokio::test]
async fn stalled_batch_is_requeued_once() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&[booking("a", "1")]).await;
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 0, "the batch was announced a moment ago");
    ledger.execute("update batches set announced_at = announced_at - interval '1 minute'").await;
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 1);
    ledger.delete_entry(&ledger.due_entries(ANY_AGE, 10).await[0]).await;
    assert_eq!(ledger.requeue_stalled(MINUTE, 10).await, 0, "requeuing announced the batch again");
    assert_eq!(ledger.requeue_stalled(ANY_AGE, 10).await, 1);
    assert_eq!(ledger.requeue_stalled(ANY_AGE, 10).await, 0, "the batch already has an entry");
    let entries = ledger.due_entries(ANY_AGE, 10).await;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].batch, entries[0].message_count), (batch, 1));
    assert_eq!((entries[0].tenant, entries[0].correlation_id.as_str()), (ledger.tenant, "test"));
}

#[tokio::test]
async fn batch_is_stalled_only_if_it_is_unfinished_and_has_no_active_lease() {
    let ledger = Ledger::new().await;
    let (leased, _) = ledger.write(&[booking("leased", "1")]).await;
    ledger.claim(leased, LEASE, 10).await;
    let (finished, _) = ledger.write(&[booking("finished", "1")]).await;
    ledger.complete(finished).await;
    assert_eq!(ledger.finish_if_done(finished).await, RemainingWork::Nothing);
    assert_eq!(ledger.requeue_stalled(ANY_AGE, 10).await, 0);

    let (expired, _) = ledger.write(&[booking("expired", "1")]).await;
    ledger.claim(expired, EXPIRED_LEASE, 10).await;
    // All rows are done, but the worker crashed before it marked the batch as finished.
    let (unmarked, _) = ledger.write(&[booking("unmarked", "1")]).await;
    ledger.complete(unmarked).await;
    assert_eq!(ledger.requeue_stalled(ANY_AGE, 10).await, 2);
    let batches: Vec<_> =
        ledger.due_entries(ANY_AGE, 10).await.into_iter().map(|entry| entry.batch).collect();
    assert_eq!(batches, [expired, unmarked]);
}

#[tokio::test]
async fn requeue_stalled_handles_at_most_the_limit() {
    let ledger = Ledger::new().await;
    let mut written = Vec::new();
    for id in ["a", "b", "c"] {
        written.push(ledger.write(&[booking(id, "1")]).await.0);
    }
    assert_eq!(ledger.requeue_stalled(ANY_AGE, 2).await, 2);
    let batches: Vec<_> =
        ledger.due_entries(ANY_AGE, 10).await.into_iter().map(|entry| entry.batch).collect();
    assert_eq!(batches, written[..2], "the oldest batches come first");
}
