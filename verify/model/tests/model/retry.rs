//! The guards of retries.

use tributary_model::{Always, FaultKind, Guard, Scenario, Sometimes};

use crate::scenarios::{holds, single, update, violates, without};

const FAILURE: &[FaultKind] = &[FaultKind::Categoriser];
const FAILURE_AND_CRASH: &[FaultKind] = &[FaultKind::Categoriser, FaultKind::Crash];

/// One batch whose row fails at the categoriser's first fault, and is retried.
fn retried(faults_max: u8, faults: &'static [FaultKind]) -> Scenario {
    let scenario = single().with_faults(faults_max, faults);
    Scenario { attempts_max: 1, retries_max: 1, ..scenario }
}

#[test]
fn retried_batch_finishes_despite_any_three_faults() {
    let faults = &[FaultKind::Categoriser, FaultKind::Delay, FaultKind::Crash];
    let explored = holds(retried(3, faults), without(&[]));
    assert!(explored.states >= 50_000, "only {} states", explored.states);
    assert!(explored.reached.contains(&Sometimes::RowFailed));
}

#[test]
fn retry_that_does_not_reopen_its_batch_prevents_requeueing() {
    let removed = &[Guard::RetryReopensBatch];
    violates(retried(1, FAILURE), removed, Always::FinishedHasOnlyDoneRows);
    violates(retried(3, FAILURE_AND_CRASH), removed, Always::EveryBatchFinishes);
}

#[test]
fn worker_that_checks_without_a_lock_finishes_a_batch_that_is_being_retried() {
    let removed = &[Guard::FinishUnderLock];
    violates(retried(1, FAILURE), removed, Always::FinishedHasOnlyDoneRows);
    violates(retried(3, FAILURE_AND_CRASH), removed, Always::EveryBatchFinishes);
}

#[test]
fn slow_ingest_deletes_the_outbox_entry_of_a_retry() {
    violates(retried(1, FAILURE), &[Guard::DeleteOwnEntry], Always::UnsentHasOutboxEntry);
}

#[test]
fn without_retries_neither_the_lock_nor_the_entry_id_is_needed() {
    let guards = without(&[Guard::FinishUnderLock, Guard::DeleteOwnEntry]);
    holds(update(), guards);
    holds(single().with_faults(2, FaultKind::ALL), guards);
}
