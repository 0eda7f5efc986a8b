//! Without any one of its guards the protocol violates a property.

use tributary_model::{Always, FaultKind, Guard, Scenario, steps_of_longest_run};

use crate::scenarios::{
    CRASH, DELAY, faults, holds, same_key, single, update, violates, without, without_key,
};

#[test]
fn without_the_lease_token_a_row_keeps_the_category_of_an_old_content() {
    let steps = violates(update(), &[Guard::LeaseToken], Always::CategoryMatchesContent);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

#[test]
fn without_the_lease_token_a_worker_writes_after_its_lease_expired() {
    let slow = single().with_faults(2, &[FaultKind::Delay, FaultKind::DuplicateDelivery]);
    violates(slow, &[Guard::LeaseToken], Always::ResultIsFromLeaseHolder);
}

#[test]
fn without_revision_ending_the_lease_a_row_keeps_the_category_of_an_old_content() {
    violates(update(), &[Guard::RevisionEndsLease], Always::CategoryMatchesContent);
}

#[test]
fn without_lease_expiry_the_rows_of_a_crashed_worker_stay_claimed() {
    let crashing = single().with_faults(1, CRASH);
    let steps = steps_of_longest_run(crashing.clone(), without(&[Guard::LeaseExpiry]));
    assert_eq!(steps, None, "relay requeues for ever, and no worker can claim");
    violates(crashing, &[Guard::LeaseExpiry, Guard::RequeueStalled], Always::EveryBatchFinishes);
}

#[test]
fn without_the_outbox_entry_an_unsent_message_is_unknown() {
    violates(single(), &[Guard::OutboxEntry], Always::UnsentHasOutboxEntry);
}

#[test]
fn without_the_outbox_entry_only_requeueing_recovers_from_a_failed_send() {
    let failing = || single().with_faults(1, &[FaultKind::SendFailure]);
    let removed = [Guard::OutboxEntry, Guard::RequeueStalled];
    violates(failing(), &removed, Always::EveryBatchFinishes);
    holds(failing(), without(&[Guard::RequeueStalled]));
}

#[test]
fn without_the_send_before_the_deletion_an_outbox_entry_is_lost_between_them() {
    violates(single(), &[Guard::SendBeforeMarkSent], Always::UnsentHasOutboxEntry);
}

#[test]
fn without_the_content_hash_other_content_gets_the_first_response() {
    violates(same_key(), &[Guard::IdempotencyContentHash], Always::ResponseMatchesBody);
    violates(same_key(), &[Guard::IdempotencyContentHash], Always::AcceptedIsStored);
}

/// The advisory lock does not prevent it: it is released at the commit, which the other request's
/// snapshot does not include.
#[test]
fn without_the_unique_idempotency_key_a_key_makes_two_batches() {
    violates(same_key(), &[Guard::UniqueIdempotencyKey], Always::KeyHasOneBatch);
}

/// The lock only saves the second request its work.
#[test]
fn without_the_key_lock_the_unique_key_is_sufficient() {
    holds(same_key(), without(&[Guard::KeyLock]));
}

#[test]
fn without_the_unique_transaction_key_a_transaction_has_two_rows() {
    violates(without_key(), &[Guard::UniqueTransactionKey], Always::TransactionIsUnique);
}

#[test]
fn without_a_single_commit_a_rejected_request_leaves_its_rows() {
    violates(same_key(), &[Guard::OneCommit], Always::RejectedStoresNothing);
}

#[test]
fn without_deltas_in_the_commit_of_the_rows_a_report_is_temporarily_wrong() {
    violates(single(), &[Guard::DeltasInSameCommit], Always::SumsMatchRows);
}

/// A crashed worker's batch does not depend on requeueing: its message becomes visible again when
/// its rows are claimable.
#[test]
fn without_deleting_the_message_last_a_crashed_workers_message_is_lost() {
    holds(crashing_workers(), without(&[Guard::RequeueStalled]));
    let removed = [Guard::DeleteMessageLast, Guard::RequeueStalled];
    violates(crashing_workers(), &removed, Always::EveryBatchFinishes);
}

#[test]
fn without_a_lease_shorter_than_the_visibility_timeout_a_message_returns_too_early() {
    let removed = [Guard::LeaseShorterThanVisibility, Guard::RequeueStalled];
    violates(crashing_workers(), &removed, Always::EveryBatchFinishes);
}

#[test]
fn without_requeueing_a_dead_letters_batch_never_finishes() {
    let crashing = single().with_faults(2, CRASH);
    violates(crashing, &[Guard::RequeueStalled], Always::EveryBatchFinishes);
}

/// Delays alone never require requeueing.
#[test]
fn slow_worker_loses_only_its_lease() {
    let slow = Scenario { receives_max: 4, ..single().with_faults(3, DELAY) };
    holds(slow, without(&[Guard::RequeueStalled]));
}

fn crashing_workers() -> Scenario {
    Scenario { receives_max: 4, ..single().with_faults(3, CRASH) }
}
