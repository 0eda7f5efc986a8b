//! Without any one of its guards the protocol breaks a promise, and the model says which and how.

use tributary_model::{Always, FaultKind, Guard, Scenario, steps_of_longest_run};

use crate::scenarios::{
    DEATH, SLOWNESS, breaks, faults, holds, lone, same_key, update, without, without_key,
};

#[test]
fn without_the_lease_token_a_result_of_an_old_content_stands() {
    let steps = breaks(update(), &[Guard::LeaseToken], Always::ResultIsOfContent);
    assert!(faults(&steps).is_empty(), "not even a fault is needed");
}

#[test]
fn without_the_lease_token_a_result_of_a_lost_lease_stands() {
    let slow = lone().with_faults(2, &[FaultKind::Slowness, FaultKind::Duplicate]);
    breaks(slow, &[Guard::LeaseToken], Always::ResultIsOfHolder);
}

#[test]
fn without_an_end_of_the_lease_on_revision_a_result_of_an_old_content_stands() {
    breaks(update(), &[Guard::RevisionEndsLease], Always::ResultIsOfContent);
}

#[test]
fn without_the_expiry_of_leases_a_dead_workers_rows_are_stuck() {
    let dying = lone().with_faults(1, DEATH);
    let runs = steps_of_longest_run(dying.clone(), without(&[Guard::LeaseExpiry]));
    assert_eq!(runs, None, "relay sends for ever, and nobody may claim");
    breaks(dying, &[Guard::LeaseExpiry, Guard::StrandedSweep], Always::Settles);
}

#[test]
fn without_the_outbox_row_nothing_says_what_is_to_be_sent() {
    breaks(lone(), &[Guard::OutboxRow], Always::UnsentIsPending);
}

#[test]
fn without_the_outbox_row_only_the_sweep_is_left_when_the_queue_refuses() {
    let refused = || lone().with_faults(1, &[FaultKind::Refusal]);
    breaks(refused(), &[Guard::OutboxRow, Guard::StrandedSweep], Always::Settles);
    holds(refused(), without(&[Guard::StrandedSweep]));
}

#[test]
fn without_the_send_before_the_mark_sent_a_debt_is_lost_between_them() {
    breaks(lone(), &[Guard::SendBeforeStrikeOut], Always::UnsentIsPending);
}

#[test]
fn without_the_body_hash_another_body_gets_the_firsts_answer() {
    breaks(same_key(), &[Guard::IdempotencyBodyHash], Always::AnswerIsOfItsBody);
    breaks(same_key(), &[Guard::IdempotencyBodyHash], Always::AcceptedIsKept);
}

/// The advisory lock does not help: it is given up at the commit, which the other's snapshot does not
/// show.
#[test]
fn without_the_unique_idempotency_key_a_key_makes_two_batches() {
    breaks(same_key(), &[Guard::UniqueIdempotencyKey], Always::KeyHasOneBatch);
}

/// It saves the second request its work, no more.
#[test]
fn without_the_keys_lock_the_unique_key_is_enough() {
    holds(same_key(), without(&[Guard::KeyLock]));
}

#[test]
fn without_the_unique_transaction_key_a_transaction_stands_twice() {
    breaks(without_key(), &[Guard::UniqueTransactionKey], Always::TransactionStandsOnce);
}

#[test]
fn without_one_commit_a_refused_request_leaves_its_rows() {
    breaks(same_key(), &[Guard::OneCommit], Always::RefusedLeavesNothing);
}

#[test]
fn without_deltas_in_the_rows_commit_a_report_is_wrong_for_a_while() {
    breaks(lone(), &[Guard::DeltasInSameCommit], Always::SumsAreOfRows);
}

/// A worker that dies is not left to the sweep: its message comes back, and finds the rows claimable.
#[test]
fn without_the_acknowledgement_last_a_dead_workers_message_is_gone() {
    holds(dying_workers(), without(&[Guard::StrandedSweep]));
    breaks(dying_workers(), &[Guard::AckLast, Guard::StrandedSweep], Always::Settles);
}

#[test]
fn without_a_lease_shorter_than_the_visibility_timeout_a_message_comes_back_too_soon() {
    let removed = [Guard::LeaseShorterThanVisibility, Guard::StrandedSweep];
    breaks(dying_workers(), &removed, Always::Settles);
}

#[test]
fn without_the_sweep_a_message_that_is_given_up_takes_its_batch_along() {
    let dying = lone().with_faults(2, DEATH);
    breaks(dying, &[Guard::StrandedSweep], Always::Settles);
}

/// Slow processes alone never need the sweep.
#[test]
fn a_slow_worker_loses_its_lease_and_nothing_else() {
    let slow = Scenario { receives_max: 4, ..lone().with_faults(3, SLOWNESS) };
    holds(slow, without(&[Guard::StrandedSweep]));
}

fn dying_workers() -> Scenario {
    Scenario { receives_max: 4, ..lone().with_faults(3, DEATH) }
}
