//! The guards of retries.

use tributary_model::{Always, FaultKind, Guard, Scenario, Sometimes, steps_of_longest_run};

use crate::scenarios::{
    CATEGORISER, all_hold, faults, holds, single, slice_of_two, update, violates, without,
};

const FAILURE_AND_CRASH: &[FaultKind] =
    &[FaultKind::Categoriser, FaultKind::IngestCrash, FaultKind::WorkerCrash];

/// One batch whose row fails at the categoriser's first fault, and is retried.
fn retried(faults_max: u8, faults: &'static [FaultKind]) -> Scenario {
    let scenario = single().with_faults(faults_max, faults);
    Scenario { attempts_max: 1, retries_max: 1, ..scenario }
}

/// The same for two batches with the same transaction: it fails in one of them, and either may be
/// retried while the other still has a slice.
fn retried_update() -> Scenario {
    let scenario = update().with_faults(1, CATEGORISER);
    Scenario { attempts_max: 1, retries_max: 1, ..scenario }
}

#[test]
fn retried_batch_finishes_despite_any_three_faults() {
    all_hold(retried(3, FaultKind::ALL), 100_000, &[Sometimes::RowFailed]);
}

#[test]
fn batch_of_two_rows_is_retried_twice_despite_a_crash() {
    let scenario = slice_of_two().with_faults(2, FAILURE_AND_CRASH);
    let scenario = Scenario { attempts_max: 1, retries_max: 2, ..scenario };
    all_hold(scenario, 2_000, &[Sometimes::RowFailed]);
}

#[test]
fn retried_update_finishes() {
    let steps = steps_of_longest_run(retried_update(), without(&[]));
    assert!(steps.is_some_and(|steps| steps >= 30), "{steps:?}");
    all_hold(retried_update(), 8_000, &[Sometimes::RowFailed, Sometimes::RevisedWhileClaimed]);
}

#[test]
fn retry_that_does_not_reopen_its_batch_is_not_announced() {
    let removed = &[Guard::RetryReopensBatch];
    violates(retried(1, CATEGORISER), removed, Always::FinishedHasOnlyDoneRows);
    violates(retried(2, FAILURE_AND_CRASH), removed, Always::EveryBatchFinishes);
}

#[test]
fn worker_that_settles_without_a_lock_finishes_a_batch_that_is_being_retried() {
    let removed = &[Guard::SettleUnderLock];
    violates(retried(1, CATEGORISER), removed, Always::FinishedHasOnlyDoneRows);
    violates(retried(3, FAILURE_AND_CRASH), removed, Always::EveryBatchFinishes);
}

/// The row returns to the batch while a worker deletes the slice that covered it.
#[test]
fn retry_that_does_not_lock_slices_relies_on_one_that_is_being_deleted() {
    let removed = &[Guard::RetryLocksSlices];
    violates(retried_update(), removed, Always::PendingRowHasSlice);
    violates(retried_update(), removed, Always::EveryBatchFinishes);
}

/// The row leaves the batch with the update and returns with the retry, while a worker still has
/// the slice that covers it.
#[test]
fn finish_that_does_not_compare_revisions_writes_the_category_of_an_old_content() {
    let removed = &[Guard::FinishComparesRevision];
    violates(retried_update(), removed, Always::CategoryMatchesContent);
}

/// The same row: the worker's results do not include it.
#[test]
fn finish_that_deletes_a_partial_slice_loses_a_retried_row() {
    violates(retried_update(), &[Guard::ReleasePartialSlice], Always::PendingRowHasSlice);
}

/// A retry locks the batch and then its slices, a claim a slice and then the batch.
#[test]
fn claim_that_waits_for_the_batch_deadlocks_with_a_retry() {
    let removed = &[Guard::ClaimSkipsLockedBatch];
    let steps = violates(retried_update(), removed, Always::NoDeadlock);
    assert_eq!(faults(&steps).len(), 1, "only the row's failure: {steps:?}");
}

#[test]
fn without_retries_neither_locks_nor_revisions_are_needed() {
    let guards = without(&[
        Guard::SettleUnderLock,
        Guard::RetryLocksSlices,
        Guard::FinishComparesRevision,
        Guard::ClaimSkipsLockedBatch,
        Guard::RelayComparesAnnounceAt,
    ]);
    holds(update().with_faults(1, FaultKind::ALL), guards);
    holds(single().with_faults(2, FaultKind::ALL), guards);
}
