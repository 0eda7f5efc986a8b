//! The guards of `announce_at`: ingest, claims and relay.

use tributary_model::{Always, Fault, FaultKind, Guard, Scenario};

use crate::scenarios::{
    CRASH, DELAY, WORKER_CRASH, faults, holds, single, update, violates, without, without_key,
};

#[test]
fn without_the_announcement_in_the_commit_a_crash_before_the_send_loses_the_message() {
    let crashing = || single().with_faults(1, CRASH);
    violates(crashing(), &[Guard::AnnounceAtInCommit], Always::EveryBatchFinishes);
    violates(crashing(), &[Guard::AnnounceAtInCommit], Always::UnsentIsAnnounced);
}

#[test]
fn without_relay_a_failed_send_loses_the_message() {
    let failing = || single().with_faults(1, &[FaultKind::SendFailure]);
    violates(failing(), &[Guard::RelayAnnounces], Always::EveryBatchFinishes);
}

#[test]
fn without_relay_a_dead_letters_batch_never_finishes() {
    let crashing = single().with_faults(2, WORKER_CRASH);
    violates(crashing, &[Guard::RelayAnnounces], Always::EveryBatchFinishes);
}

#[test]
fn claim_that_clears_the_announcement_loses_the_batch_of_a_dead_letter() {
    let crashing = || single().with_faults(2, WORKER_CRASH);
    violates(crashing(), &[Guard::ClaimKeepsAnnounceAt], Always::EveryBatchFinishes);
    violates(crashing(), &[Guard::ClaimKeepsAnnounceAt], Always::UnfinishedIsAnnounced);
}

#[test]
fn relay_that_clears_the_announcement_loses_the_batch_when_it_crashes() {
    let crashing = || single().with_faults(2, CRASH);
    violates(crashing(), &[Guard::RelayKeepsAnnounceAt], Always::EveryBatchFinishes);
    violates(crashing(), &[Guard::RelayKeepsAnnounceAt], Always::UnsentIsAnnounced);
}

/// A slow relay would postpone a retry whose message is unsent from 2 to 15 minutes.
#[test]
fn relay_that_does_not_compare_postpones_a_retry() {
    let faults = &[FaultKind::Categoriser, FaultKind::Delay];
    let retried = Scenario { attempts_max: 1, retries_max: 1, ..single().with_faults(2, faults) };
    violates(retried, &[Guard::RelayComparesAnnounceAt], Always::UnsentIsAnnounced);
}

/// Either check of a failed send is sufficient. The comparison also saves a message.
#[test]
fn failed_send_without_checks_announces_a_finished_batch() {
    let faults = &[FaultKind::SendFailure, FaultKind::Delay];
    let failing = || single().with_faults(2, faults);
    let checks = [Guard::FailedSendComparesAnnounceAt, Guard::FailedSendSkipsFinished];
    violates(failing(), &checks, Always::UnfinishedIsAnnounced);
    for check in checks {
        holds(failing(), without(&[check]));
        holds(retried_with_failing_sends(), without(&[check]));
    }
}

/// The message returns before the lease expires: the next worker finds no slice to claim and
/// deletes it. Enrich therefore delays the message after a failed statement; the model omits this,
/// to show that relay alone is sufficient.
#[test]
fn worker_with_a_failed_statement_leaves_its_batch_to_relay() {
    let scenario = single_with(FaultKind::Statement);
    let steps = violates(scenario, &[Guard::RelayAnnounces], Always::EveryBatchFinishes);
    assert!(matches!(faults(&steps)[..], [Fault::StatementFails(_)]), "{steps:?}");
}

#[test]
fn no_other_fault_of_a_worker_leaves_a_batch_to_relay() {
    let kinds = [
        FaultKind::WorkerCrash,
        FaultKind::DuplicateDelivery,
        FaultKind::Delay,
        FaultKind::Categoriser,
        FaultKind::Deadline,
    ];
    for kind in kinds {
        holds(single_with(kind), without(&[Guard::RelayAnnounces]));
    }
}

/// A claim skips no slice because ingest has locked rows.
#[test]
fn concurrent_batches_do_not_depend_on_relay() {
    holds(update(), without(&[Guard::RelayAnnounces]));
    holds(without_key(), without(&[Guard::RelayAnnounces]));
}

/// Delays alone never require relay.
#[test]
fn slow_worker_loses_only_its_lease() {
    let slow = Scenario { receives_max: 4, ..single().with_faults(3, DELAY) };
    holds(slow, without(&[Guard::RelayAnnounces]));
}

fn retried_with_failing_sends() -> Scenario {
    let faults = &[FaultKind::Categoriser, FaultKind::SendFailure, FaultKind::Delay];
    Scenario { attempts_max: 1, retries_max: 1, ..single().with_faults(3, faults) }
}

/// Two faults of one category, and enough receives that no message becomes a dead letter.
fn single_with(kind: FaultKind) -> Scenario {
    let faults = FaultKind::ALL.chunks(1).find(|kinds| kinds.contains(&kind)).unwrap_or_default();
    Scenario { receives_max: 4, attempts_max: 4, ..single().with_faults(2, faults) }
}
