//! Batches: progress, finishing and retries.

use tributary_domain::{BatchId, StatusCounts};
use tributary_store::batches::{self, FAILURES_SHOWN_MAX, RemainingWork};
use tributary_store::enrichment;
use tributary_testkit::ledger::bookings;
use uuid::Uuid;

use crate::ledger::{LEASE, Ledger, SHOPPING, ids};

#[tokio::test]
async fn progress_counts_every_transaction_once_by_its_status() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(10, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 6).await;
    ledger.finish(&lease, &ids(&claimed)[..1], Err("no rule")).await;
    ledger.finish(&lease, &ids(&claimed)[1..3], Ok(SHOPPING)).await;
    let progress = ledger.progress(batch).await;
    let expected = StatusCounts { pending: 4, processing: 3, completed: 2, failed: 1 };
    assert_eq!(progress.counts, expected);
    assert_eq!(progress.batch.total(), 10);
    assert_eq!(progress.finished_at, None);
}

#[tokio::test]
async fn batch_starts_with_its_first_claim() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    assert_eq!(ledger.progress(batch).await.started_at, None);
    ledger.claim(batch, LEASE, 1).await;
    let started_at = ledger.progress(batch).await.started_at;
    assert!(started_at.is_some());
    ledger.claim(batch, LEASE, 1).await;
    assert_eq!(ledger.progress(batch).await.started_at, started_at);
}

#[tokio::test]
async fn batch_is_finished_once_after_its_last_row() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Pending);
    let (lease, claimed) = ledger.claim(batch, LEASE, 100).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Leased);
    ledger.finish(&lease, &ids(&claimed)[..1], Ok(SHOPPING)).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Leased);
    assert_eq!(ledger.progress(batch).await.finished_at, None);
    ledger.finish(&lease, &ids(&claimed)[1..], Err("no rule")).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Nothing);
    let finished_at = ledger.progress(batch).await.finished_at;
    assert!(finished_at.is_some());
    ledger.finish_if_done(batch).await;
    assert_eq!(ledger.progress(batch).await.finished_at, finished_at);
}

#[tokio::test]
async fn only_the_call_that_marks_a_batch_as_finished_returns_its_lag() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    assert_eq!(ledger.finish_batch(batch).await.lag_ms, None);
    ledger.complete(batch).await;
    ledger.execute("update batches set accepted_at = now() - interval '90 seconds'").await;
    let lag_ms = ledger.finish_batch(batch).await.lag_ms.unwrap();
    assert!((90_000..150_000).contains(&lag_ms), "{lag_ms}");
    assert_eq!(ledger.finish_batch(batch).await.lag_ms, None, "the batch was already finished");
}

#[tokio::test]
async fn batch_whose_rows_all_moved_to_a_later_batch_is_done() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    let (second, _) = ledger.write(&bookings(2, "-2")).await;
    assert_eq!(ledger.finish_if_done(first).await, RemainingWork::Nothing);
    assert_eq!(ledger.finish_if_done(second).await, RemainingWork::Pending);
}

/// Without a separate lock, the statement would wait for the retry and then mark the batch as
/// finished without seeing the retried rows.
#[tokio::test]
async fn batch_retried_while_it_is_being_finished_is_not_finished() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 10).await;
    ledger.finish(&lease, &ids(&claimed), Err("no rule")).await;

    let mut retry = ledger.begin().await;
    batches::lock(&mut retry, ledger.tenant, batch).await.unwrap();
    enrichment::retry_failed(&mut retry, ledger.tenant, batch).await.unwrap();
    let other = ledger.database.store();
    let finish = async {
        let mut tx = other.begin(ledger.tenant).await.unwrap();
        batches::lock(&mut tx, ledger.tenant, batch).await.unwrap();
        let outcome = batches::finish_if_done(&mut tx, ledger.tenant, batch).await.unwrap();
        tx.commit().await.unwrap();
        outcome.remaining
    };
    let commit = async {
        ledger.wait_for_blocked_connection().await;
        retry.commit().await.unwrap();
    };
    let (remaining, ()) = tokio::join!(finish, commit);
    assert_eq!(remaining, RemainingWork::Pending);
    assert_eq!(ledger.progress(batch).await.finished_at, None);
}

#[tokio::test]
async fn retry_includes_failed_rows_that_belong_to_another_batch() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    let (lease, claimed) = ledger.claim(first, LEASE, 10).await;
    ledger.finish(&lease, &ids(&claimed)[..1], Err("no rule")).await;
    ledger.finish(&lease, &ids(&claimed)[1..], Ok(SHOPPING)).await;
    ledger.finish_if_done(first).await;
    // Contains the same rows unchanged, so that they still belong to the first batch.
    let (second, _) = ledger.write(&bookings(2, "-1")).await;

    assert_eq!(ledger.retry(second).await, 1);
    assert_eq!(ledger.progress(second).await.finished_at, None);
    assert_eq!(ledger.claim(first, LEASE, 10).await.1.len(), 0);
    let (_, reclaimed) = ledger.claim(second, LEASE, 10).await;
    assert_eq!(reclaimed.len(), 1);
    assert_eq!(reclaimed[0].attempts, 1);
    assert_eq!(ledger.retry(second).await, 0, "no row of the batch is failed");
}

#[tokio::test]
async fn first_failures_are_returned_by_id() {
    let ledger = Ledger::new().await;
    let shown = usize::try_from(FAILURES_SHOWN_MAX).unwrap();
    let (batch, _) = ledger.write(&bookings(shown + 2, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE, 100).await;
    ledger.finish(&lease, &ids(&claimed)[..1], Ok(SHOPPING)).await;
    ledger.finish(&lease, &ids(&claimed)[1..], Err("no rule")).await;
    let mut tx = ledger.begin().await;
    let failures = batches::failures(&mut tx, ledger.tenant, batch).await.unwrap();
    assert_eq!(failures.len(), shown);
    let first = &failures[0];
    assert_eq!((first.transaction_id.as_str(), first.reason.as_str()), ("tx_00001", "no rule"));
    assert_eq!(first.attempts, 1);
}

#[tokio::test]
async fn unknown_batch_has_no_progress() {
    let ledger = Ledger::new().await;
    let unknown = BatchId(Uuid::now_v7());
    let progress = batches::progress(&mut *ledger.begin().await, ledger.tenant, unknown).await;
    assert!(progress.unwrap().is_none());
}
