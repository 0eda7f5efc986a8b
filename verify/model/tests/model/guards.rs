//! Without any one of its guards the protocol violates a property: ingest and enrich.

use tributary_model::{Always, Entry, FaultKind, Guard, Scenario, steps_of_longest_run};

use crate::scenarios::{
    CRASH, FIRST, WORKER_CRASH, faults, holds, requests, same_key, single, slice_of_two, violates,
    without, without_key,
};

#[test]
fn without_the_content_hash_other_content_gets_the_first_response() {
    violates(same_key(), &[Guard::IdempotencyContentHash], Always::ResponseMatchesBody);
    violates(same_key(), &[Guard::IdempotencyContentHash], Always::AcceptedIsStored);
}

#[test]
fn without_the_unique_idempotency_key_a_key_makes_two_batches() {
    violates(same_key(), &[Guard::UniqueIdempotencyKey], Always::KeyHasOneBatch);
}

/// The batch's row is the idempotency record too: a replay would accept what a crash lost.
#[test]
fn without_a_single_commit_a_replay_accepts_a_batch_without_rows() {
    let crashing = same_key().with_faults(1, CRASH);
    violates(crashing, &[Guard::OneCommit], Always::AcceptedIsStored);
}

#[test]
fn without_a_single_commit_a_rejected_request_leaves_a_batch() {
    const OTHER_ACCOUNT: &[Entry] = &[Entry::posted(0, 0).on_account(1)];
    let moved = || Scenario { processed: 1, ..requests(&[FIRST, OTHER_ACCOUNT]) };
    holds(moved(), without(&[]));
    violates(moved(), &[Guard::OneCommit], Always::RejectedStoresNothing);
}

#[test]
fn without_the_unique_transaction_key_a_transaction_has_two_rows() {
    violates(without_key(), &[Guard::UniqueTransactionKey], Always::TransactionIsUnique);
}

#[test]
fn without_sums_in_the_commit_of_the_rows_a_report_is_temporarily_wrong() {
    violates(single(), &[Guard::SumsInSameCommit], Always::SumsMatchRows);
}

#[test]
fn without_the_slice_token_a_worker_writes_after_its_lease_expired() {
    let slow = single().with_faults(2, &[FaultKind::Delay, FaultKind::DuplicateDelivery]);
    violates(slow, &[Guard::SliceToken], Always::ResultIsFromLeaseHolder);
}

#[test]
fn without_lease_expiry_the_slice_of_a_crashed_worker_stays_claimed() {
    let crashing = single().with_faults(1, WORKER_CRASH);
    let steps = steps_of_longest_run(crashing.clone(), without(&[Guard::LeaseExpiry]));
    assert_eq!(steps, None, "relay announces for ever, and no worker can claim");
    violates(crashing, &[Guard::LeaseExpiry, Guard::RelayAnnounces], Always::EveryBatchFinishes);
}

/// A transient failure of one row: the slice's other row is finished.
#[test]
fn without_the_release_of_a_partial_slice_its_pending_rows_have_none() {
    let failing = || slice_of_two().with_faults(1, &[FaultKind::Categoriser]);
    holds(failing(), without(&[]));
    violates(failing(), &[Guard::ReleasePartialSlice], Always::PendingRowHasSlice);
    violates(failing(), &[Guard::ReleasePartialSlice], Always::FinishedHasOnlyDoneRows);
}

/// A batch whose positions are not in order of id, and an update of its rows.
#[test]
fn without_one_order_of_row_locks_a_finish_and_an_update_deadlock() {
    const UNORDERED: &[Entry] = &[Entry::posted(1, 0), Entry::posted(0, 0)];
    const REVISED: &[Entry] = &[Entry::posted(1, 1), Entry::posted(0, 1)];
    let scenario = || Scenario { slice_size: 2, ..requests(&[UNORDERED, REVISED]) };
    holds(scenario(), without(&[]));
    let steps = violates(scenario(), &[Guard::FinishLocksInOrder], Always::NoDeadlock);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

/// A crashed worker's batch does not depend on relay: its message becomes visible again when its
/// slice is claimable.
#[test]
fn without_deleting_the_message_last_a_crashed_workers_message_is_lost() {
    holds(crashing_workers(), without(&[Guard::RelayAnnounces]));
    let removed = [Guard::DeleteMessageLast, Guard::RelayAnnounces];
    violates(crashing_workers(), &removed, Always::EveryBatchFinishes);
}

#[test]
fn without_a_lease_shorter_than_the_visibility_timeout_a_message_returns_too_early() {
    let removed = [Guard::LeaseShorterThanVisibility, Guard::RelayAnnounces];
    violates(crashing_workers(), &removed, Always::EveryBatchFinishes);
}

fn crashing_workers() -> Scenario {
    Scenario { receives_max: 4, ..single().with_faults(3, WORKER_CRASH) }
}
