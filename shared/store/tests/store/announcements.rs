//! When batches are announced: at a commit, a claim, a failed send, by relay, at a retry.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tributary_domain::BatchId;
use tributary_store::announcements::{self, Announcement};
use tributary_store::batches::RemainingWork;
use tributary_testkit::ledger::booking;

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger};

const MINUTE: Duration = Duration::from_secs(60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

impl Ledger {
    /// Makes every announcement due that is so within the given number of minutes.
    async fn pass_minutes(&self, minutes: i32) {
        sqlx::query("update batches set announce_at = announce_at - make_interval(mins => $1)")
            .bind(minutes)
            .execute(&mut self.database.connection().await)
            .await
            .unwrap();
    }

    /// Writes a batch of one transaction.
    async fn write_one(&self, id: &str) -> BatchId {
        self.write(&[booking(id, "1")]).await.0
    }

    async fn take_due(&self, limit: i64) -> Vec<Announcement> {
        let mut tx = self.store.begin_for_all().await.unwrap();
        let due = announcements::take_due(&mut tx, limit, MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        due
    }

    async fn mark_sent(&self, sent: &[Announcement]) {
        let mut tx = self.store.begin_for_all().await.unwrap();
        announcements::mark_sent(&mut tx, sent, QUARTER).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Minutes until a batch is announced, rounded up; `None` if it is finished.
    async fn minutes_left(&self, batch: BatchId) -> Option<i32> {
        sqlx::query_scalar(
            "select ceil(extract(epoch from announce_at - now()) / 60)::integer from batches \
             where batch_id = $1",
        )
        .bind(batch.0)
        .fetch_one(&mut self.database.connection().await)
        .await
        .unwrap()
    }
}

fn batches(announcements: &[Announcement]) -> Vec<BatchId> {
    announcements.iter().map(|announcement| announcement.batch).collect()
}

#[tokio::test]
async fn new_batch_is_due_after_the_time_that_ingest_gives_it() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_one("a").await;
    assert_eq!(ledger.take_due(10).await, []);
    ledger.pass_minutes(1).await;
    let due = ledger.take_due(10).await;
    assert_eq!(batches(&due), [batch]);
    let announcement = &due[0];
    assert_eq!((announcement.tenant, announcement.message_count), (ledger.tenant, 3));
    assert_eq!(announcement.correlation_id, "test");
    let trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793";
    assert_eq!(announcement.trace_header.as_deref(), Some(trace_header));
}

#[tokio::test]
async fn due_batches_are_taken_oldest_first_and_once() {
    let ledger = Ledger::new().await;
    let mut written = Vec::new();
    for id in ["a", "b", "c"] {
        written.push(ledger.write_one(id).await);
    }
    ledger.pass_minutes(1).await;
    assert_eq!(batches(&ledger.take_due(2).await), written[..2]);
    assert_eq!(batches(&ledger.take_due(2).await), written[2..]);
    assert_eq!(ledger.take_due(2).await, [], "all are due again in a minute");
    ledger.pass_minutes(1).await;
    assert_eq!(batches(&ledger.take_due(10).await), written, "no message was sent");
}

#[tokio::test]
async fn batch_locked_by_another_database_transaction_is_skipped() {
    let ledger = Ledger::new().await;
    let written = [ledger.write_one("a").await, ledger.write_one("b").await];
    ledger.pass_minutes(1).await;
    let other = ledger.database.store();
    let mut tx = other.begin_for_all().await.unwrap();
    let due = announcements::take_due(&mut tx, 1, MINUTE).await.unwrap();
    assert_eq!(batches(&due), written[..1]);
    assert_eq!(batches(&ledger.take_due(10).await), written[1..]);
    tx.rollback().await.unwrap();
    assert_eq!(batches(&ledger.take_due(10).await), written[..1]);
}

#[tokio::test]
async fn sent_batch_is_due_again_after_a_quarter_of_an_hour_then_after_its_age_up_to_an_hour() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_one("a").await;
    for (age_minutes, expected) in [(2, 15), (17, 17), (34, 34), (68, 60), (600, 60)] {
        sqlx::query("update batches set accepted_at = now() - make_interval(mins => $1)")
            .bind(age_minutes)
            .execute(&mut ledger.database.connection().await)
            .await
            .unwrap();
        ledger.pass_minutes(60).await;
        let due = ledger.take_due(10).await;
        assert_eq!(ledger.minutes_left(batch).await, Some(1));
        ledger.mark_sent(&due).await;
        let left = ledger.minutes_left(batch).await.unwrap();
        assert!((expected..=expected + 1).contains(&left), "{age_minutes}: {left}");
    }
}

#[tokio::test]
async fn claim_moves_an_announcement_on_and_never_back() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&[booking("a", "1"), booking("b", "1")], 1).await;
    ledger.claim(batch, LEASE).await;
    assert_eq!(ledger.minutes_left(batch).await, Some(15));
    ledger.execute("update batches set announce_at = now() + interval '1 hour'").await;
    ledger.claim(batch, EXPIRED_LEASE).await;
    assert_eq!(ledger.minutes_left(batch).await, Some(60));
}

/// Relay has read the announcement. Before it marks it as sent, a worker claims a slice, finishes it
/// and the batch; or a client retries it.
#[tokio::test]
async fn relay_overwrites_no_later_announcement() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_one("a").await;
    ledger.pass_minutes(1).await;
    let due = ledger.take_due(10).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    ledger.finish(&lease, &claimed, Err("no rule")).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Nothing);
    ledger.mark_sent(&due).await;
    assert_eq!(ledger.minutes_left(batch).await, None, "a finished batch is not announced");
    assert_eq!(ledger.retry(batch).await, 1);
    let after_retry = ledger.minutes_left(batch).await;
    ledger.execute("update batches set accepted_at = now() - interval '40 minutes'").await;
    ledger.mark_sent(&due).await;
    assert_eq!(ledger.minutes_left(batch).await, after_retry);
}

#[tokio::test]
async fn batch_whose_messages_could_not_be_sent_is_due_at_once_unless_a_worker_has_it() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_one("a").await;
    let announce_at: DateTime<Utc> = sqlx::query_scalar("select announce_at from batches")
        .fetch_one(&mut ledger.database.connection().await)
        .await
        .unwrap();
    let announcement = Announcement {
        tenant: ledger.tenant,
        batch,
        correlation_id: "test".to_owned(),
        trace_header: None,
        message_count: 1,
        announce_at,
    };
    let mark_unsent = async || {
        let mut tx = ledger.begin().await;
        announcements::mark_unsent(&mut tx, &announcement).await.unwrap();
        tx.commit().await.unwrap();
    };
    // The send failed for the client only: a worker has received the message.
    ledger.claim(batch, EXPIRED_LEASE).await;
    mark_unsent().await;
    assert_eq!(ledger.take_due(10).await, []);
    sqlx::query("update batches set announce_at = $1")
        .bind(announce_at)
        .execute(&mut ledger.database.connection().await)
        .await
        .unwrap();
    mark_unsent().await;
    assert_eq!(batches(&ledger.take_due(10).await), [batch]);
}
