//! Cases in which a worker deletes the message of an unfinished batch, so that only relay's
//! requeueing of stalled batches completes it. No data is lost, but the batch waits until it counts
//! as stalled.
//!
//! Because of these findings enrich sends a second message when ingest has locked its rows, and
//! delays the message by a whole lease after a failed statement. The model omits both, to show that
//! requeueing alone is sufficient.

use tributary_model::{Always, Fault, FaultKind, Guard, Scenario};

use crate::scenarios::{faults, holds, single, update, violates, without, without_key};

/// Ingest locks the rows that it compares. A worker skips them, finds no other row, and deletes the
/// message of a pending batch.
#[test]
fn worker_concurrent_with_a_repeated_request_leaves_its_batch_unfinished() {
    let steps = violates(without_key(), &[Guard::RequeueStalled], Always::EveryBatchFinishes);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

/// The rows then belong to the other batch, but no worker marks this one as finished.
#[test]
fn worker_concurrent_with_an_update_leaves_its_batch_unfinished() {
    let steps = violates(update(), &[Guard::RequeueStalled], Always::EveryBatchFinishes);
    assert!(faults(&steps).is_empty(), "no fault is needed");
}

/// The message returns before the lease expires: the next worker finds no row to claim and deletes
/// it.
#[test]
fn worker_with_a_failed_statement_leaves_its_batch_unfinished() {
    let scenario = single_with(FaultKind::Statement);
    let steps = violates(scenario, &[Guard::RequeueStalled], Always::EveryBatchFinishes);
    assert!(matches!(faults(&steps)[..], [Fault::StatementFails(_)]), "{steps:?}");
}

#[test]
fn no_other_fault_leaves_a_single_batch_unfinished() {
    for kind in FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Statement) {
        holds(single_with(*kind), without(&[Guard::RequeueStalled]));
    }
}

/// Two faults of one category, and enough receives that no message becomes a dead letter.
fn single_with(kind: FaultKind) -> Scenario {
    let faults = FaultKind::ALL.chunks(1).find(|kinds| kinds.contains(&kind)).unwrap_or_default();
    Scenario { receives_max: 4, attempts_max: 4, ..single().with_faults(2, faults) }
}
