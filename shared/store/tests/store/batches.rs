//! Batches: progress, finishing and retries.

use tributary_domain::{BatchId, StatusCounts};
use tributary_store::batches::{self, FAILURES_SHOWN_MAX, RemainingWork};
use tributary_store::enrichment;
use tributary_testkit::ledger::bookings;
use uuid::Uuid;

use crate::ledger::{EXPIRED_LEASE, LEASE, Ledger, REQUEUE_AFTER, SHOPPING, ids};

#[tokio::test]
async fn progress_counts_every_transaction_once_by_its_status() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(10, "-1"), 3).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result_of = |id: &str| if id == "tx_00000" { Err("no rule") } else { Ok(SHOPPING) };
    ledger.finish_as(&lease, &claimed, result_of).await;
    ledger.claim(batch, LEASE).await;
    ledger.claim(batch, EXPIRED_LEASE).await;
    let progress = ledger.progress(batch).await;
    let expected = StatusCounts { pending: 4, processing: 3, completed: 2, failed: 1 };
    assert_eq!(progress.counts, expected);
    assert_eq!(progress.batch.total(), 10);
    assert_eq!(progress.finished_at, None);
}

#[tokio::test]
async fn batch_starts_with_its_first_claim() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(2, "-1"), 1).await;
    assert_eq!(ledger.progress(batch).await.started_at, None);
    ledger.claim(batch, LEASE).await;
    let started_at = ledger.progress(batch).await.started_at;
    assert!(started_at.is_some());
    ledger.claim(batch, LEASE).await;
    assert_eq!(ledger.progress(batch).await.started_at, started_at);
}

#[tokio::test]
async fn batch_is_finished_once_after_its_last_slice() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(2, "-1"), 1).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Free);
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Free);
    ledger.finish(&lease, &claimed, Ok(SHOPPING)).await;
    ledger.claim(batch, EXPIRED_LEASE).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Expired);
    let (lease, claim) = ledger.claim_expired(batch, LEASE).await;
    assert_eq!(ledger.finish_if_done(batch).await, RemainingWork::Leased);
    assert_eq!(ledger.progress(batch).await.finished_at, None);
    ledger.finish(&lease, &claim.unwrap().rows, Err("no rule")).await;
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

/// Without a separate lock, the statement would wait for the retry and then mark the batch as
/// finished without seeing the slices of the retried rows.
#[tokio::test]
async fn batch_retried_while_it_is_being_finished_is_not_finished() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(1, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    ledger.finish(&lease, &claimed, Err("no rule")).await;

    let mut retry = ledger.begin().await;
    batches::lock(&mut retry, ledger.tenant, batch).await.unwrap();
    enrichment::retry_failed(&mut retry, ledger.tenant, batch).await.unwrap();
    batches::reopen(&mut retry, ledger.tenant, batch, 1, REQUEUE_AFTER).await.unwrap();
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
    assert_eq!(remaining, RemainingWork::Free);
    assert_eq!(ledger.progress(batch).await.finished_at, None);
}

/// Without the lock on slices, the retry would leave its row to a slice that is deleted at the same
/// moment, and no worker would ever claim it.
#[tokio::test]
async fn row_retried_while_its_slice_is_being_finished_is_still_covered_by_a_slice() {
    let ledger = Ledger::new().await;
    let (batch, _) = ledger.write(&bookings(2, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    ledger.finish(&lease, &claimed[..1], Err("no rule")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&claimed), ["tx_00001"]);

    let mut retry = ledger.begin_on_new_connection().await;
    batches::lock(&mut retry, ledger.tenant, batch).await.unwrap();
    enrichment::retry_failed(&mut retry, ledger.tenant, batch).await.unwrap();
    tokio::join!(ledger.finish(&lease, &claimed, Ok(SHOPPING)), async {
        ledger.wait_for_blocked_connection().await;
        retry.commit().await.unwrap();
    });
    let (_, again) = ledger.claim(batch, LEASE).await;
    assert_eq!(ids(&again), ["tx_00000"]);
}

/// Rows of two slices that are gone, one between them that a worker has claimed, and one that is
/// divided.
#[tokio::test]
async fn retry_covers_each_failed_row_by_exactly_one_slice() {
    let ledger = Ledger::new().await;
    let batch = ledger.write_in_slices(&bookings(1_010, "-1"), 10).await;
    for slice in 0..101 {
        let (lease, claimed) = ledger.claim(batch, EXPIRED_LEASE).await;
        if slice % 7 != 0 {
            ledger.finish(&lease, &claimed, Err("no rule")).await;
        } else if slice % 2 == 0 {
            // All but one have failed, and the slice remains.
            ledger.finish(&lease, &claimed[1..], Err("no rule")).await;
            ledger.claim(batch, LEASE).await;
        }
    }
    let failed = ledger.count("select count(*) from transactions where status = 'failed'").await;
    assert_eq!(ledger.retry(batch).await, failed);
    let uncovered = ledger
        .count(
            "select count(*) from transactions t where status = 'pending' and 1 <> ( \
             select count(*) from slices s where s.batch_id = t.batch_id \
             and t.batch_position between s.first_position and s.last_position)",
        )
        .await;
    assert_eq!(uncovered, 0);
}

#[tokio::test]
async fn retry_includes_failed_rows_that_belong_to_another_batch() {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(2, "-1")).await;
    let (lease, claimed) = ledger.claim(first, LEASE).await;
    let result_of = |id: &str| if id == "tx_00000" { Err("no rule") } else { Ok(SHOPPING) };
    ledger.finish_as(&lease, &claimed, result_of).await;
    ledger.finish_if_done(first).await;
    // Contains the same rows unchanged, so that they still belong to the first batch.
    let (second, _) = ledger.write(&bookings(2, "-1")).await;

    assert_eq!(ledger.retry(second).await, 1);
    assert_eq!(ledger.progress(second).await.finished_at, None);
    assert_eq!(ledger.claim(first, LEASE).await.1.len(), 0);
    let (_, reclaimed) = ledger.claim(second, LEASE).await;
    assert_eq!(ids(&reclaimed), ["tx_00000"]);
    assert_eq!(ledger.retry(second).await, 0, "no row of the batch is failed");
}

#[tokio::test]
async fn first_failures_are_returned_by_id() {
    let ledger = Ledger::new().await;
    let shown = usize::try_from(FAILURES_SHOWN_MAX).unwrap();
    let (batch, _) = ledger.write(&bookings(shown + 2, "-1")).await;
    let (lease, claimed) = ledger.claim(batch, LEASE).await;
    let result_of = |id: &str| if id == "tx_00000" { Ok(SHOPPING) } else { Err("no rule") };
    ledger.finish_as(&lease, &claimed, result_of).await;
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
