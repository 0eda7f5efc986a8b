//! Where a message is deleted although its batch has work left, so that only relay's sweep, which waits
//! for a batch to grow old, brings it on. None of this loses anything, but it costs that wait. These
//! findings are why enrich sends a second message when it is locked out, and hands back for a whole lease
//! after a failed statement: two steps that the model does without, so that the sweep alone is shown to do.

use tributary_model::{Always, Fault, FaultKind, Guard, Scenario};

use crate::scenarios::{breaks, faults, holds, lone, update, without, without_key};

/// Ingest locks the rows that it compares; a worker passes them over, finds nothing else, and deletes
/// the message of a batch that is still pending.
#[test]
fn a_worker_that_meets_a_repeated_post_leaves_its_batch_to_the_sweep() {
    let steps = breaks(without_key(), &[Guard::StrandedSweep], Always::Settles);
    assert!(faults(&steps).is_empty(), "not even a fault is needed");
}

/// Its rows are the other batch's by then, but nobody marks this one finished.
#[test]
fn a_worker_that_meets_an_update_leaves_its_batch_to_the_sweep() {
    let steps = breaks(update(), &[Guard::StrandedSweep], Always::Settles);
    assert!(faults(&steps).is_empty(), "not even a fault is needed");
}

/// The message is handed back for seconds, the lease is longer: whoever gets the message next finds
/// nothing to claim, and deletes it.
#[test]
fn a_worker_whose_statement_fails_leaves_its_batch_to_the_sweep() {
    let steps = breaks(lone_with(FaultKind::Statement), &[Guard::StrandedSweep], Always::Settles);
    assert!(matches!(faults(&steps)[..], [Fault::StatementFails(_)]), "{steps:?}");
}

#[test]
fn no_other_fault_leaves_a_lone_batch_to_the_sweep() {
    for kind in FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Statement) {
        holds(lone_with(*kind), without(&[Guard::StrandedSweep]));
    }
}

/// Two faults of a kind, and receives enough that no message is given up.
fn lone_with(kind: FaultKind) -> Scenario {
    let faults = FaultKind::ALL.chunks(1).find(|kinds| kinds.contains(&kind)).unwrap_or_default();
    Scenario { receives_max: 4, attempts_max: 4, ..lone().with_faults(2, faults) }
}
