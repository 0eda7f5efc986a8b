//! What a retry of failed rows needs.

use tributary_model::{Always, FaultKind, Guard, Scenario, Sometimes};

use crate::scenarios::{breaks, holds, lone, update, without};

const FAILING: &[FaultKind] = &[FaultKind::Categoriser];
const FAILING_AND_DYING: &[FaultKind] = &[FaultKind::Categoriser, FaultKind::Death];

/// One batch whose row fails at the first fault of the categoriser, and is retried.
fn retried(faults_max: u8, faults: &'static [FaultKind]) -> Scenario {
    let scenario = lone().with_faults(faults_max, faults);
    Scenario { attempts_max: 1, retries_max: 1, ..scenario }
}

#[test]
fn a_retried_batch_settles_whatever_three_faults_strike() {
    let faults = &[FaultKind::Categoriser, FaultKind::Slowness, FaultKind::Death];
    let explored = holds(retried(3, faults), without(&[]));
    assert!(explored.states >= 50_000, "only {} states", explored.states);
    assert!(explored.reached.contains(&Sometimes::GivenUp));
}

#[test]
fn a_retry_that_does_not_reopen_its_batch_hides_it_from_the_sweep() {
    breaks(retried(1, FAILING), &[Guard::RetryReopens], Always::FinishedIsSettled);
    breaks(retried(3, FAILING_AND_DYING), &[Guard::RetryReopens], Always::Settles);
}

#[test]
fn a_worker_that_looks_for_the_end_without_a_lock_finishes_a_batch_that_is_retried() {
    breaks(retried(1, FAILING), &[Guard::EndUnderLock], Always::FinishedIsSettled);
    breaks(retried(3, FAILING_AND_DYING), &[Guard::EndUnderLock], Always::Settles);
}

#[test]
fn a_slow_ingest_strikes_out_the_debt_of_a_retry() {
    breaks(retried(1, FAILING), &[Guard::DeleteOwnEntry], Always::UnsentIsPending);
}

/// These two guards are for retries alone.
#[test]
fn without_retries_the_end_needs_no_lock_and_a_debt_no_name() {
    let guards = without(&[Guard::EndUnderLock, Guard::DeleteOwnEntry]);
    holds(update(), guards);
    holds(lone().with_faults(2, FaultKind::ALL), guards);
}
