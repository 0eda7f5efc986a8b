//! With all guards: no state violates a property.

use tributary_model::{FaultKind, Guards, Scenario, Sometimes, steps_of_longest_run};

use crate::scenarios::{
    CRASH, all_hold, replay_and_update, same_key, single, slice_of_two, two_slices, update,
    update_of_one, without_key,
};

#[test]
fn batch_finishes_despite_any_three_faults() {
    let events = [
        Sometimes::RowClaimedTwice,
        Sometimes::DeadLettered,
        Sometimes::RowFailed,
        Sometimes::AllDone,
    ];
    all_hold(single().with_faults(3, FaultKind::ALL), 30_000, &events);
}

#[test]
fn batch_of_two_slices_finishes_despite_any_two_faults() {
    let events = [Sometimes::RowClaimedTwice, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(two_slices().with_faults(2, FaultKind::ALL), 7_000, &events);
}

#[test]
fn slice_of_two_rows_finishes_despite_any_three_faults() {
    let events = [
        Sometimes::RowClaimedTwice,
        Sometimes::SliceSplit,
        Sometimes::DeadLettered,
        Sometimes::RowFailed,
        Sometimes::AllDone,
    ];
    all_hold(slice_of_two().with_faults(3, FaultKind::ALL), 50_000, &events);
}

#[test]
fn update_finishes_despite_any_fault() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::RowClaimedTwice, Sometimes::AllDone];
    all_hold(update().with_faults(1, FaultKind::ALL), 15_000, &events);
}

#[test]
fn update_finishes_despite_any_two_crashes() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(update().with_faults(2, CRASH), 15_000, &events);
}

#[test]
fn partial_update_finishes_despite_any_fault() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::SliceSplit, Sometimes::AllDone];
    all_hold(update_of_one().with_faults(1, FaultKind::ALL), 15_000, &events);
}

#[test]
fn key_used_three_times_makes_one_batch_despite_any_two_faults() {
    let events = [Sometimes::Replayed, Sometimes::Rejected, Sometimes::AllDone];
    all_hold(same_key().with_faults(2, FaultKind::ALL), 60_000, &events);
}

#[test]
fn request_repeated_during_an_update_is_accepted_once() {
    let events = [Sometimes::Replayed, Sometimes::RevisedWhileClaimed, Sometimes::AllDone];
    all_hold(replay_and_update().with_faults(1, CRASH), 18_000, &events);
}

#[test]
fn body_repeated_without_a_key_counts_once_despite_any_two_faults() {
    all_hold(without_key().with_faults(2, FaultKind::ALL), 40_000, &[Sometimes::AllDone]);
}

/// Together with `Always::EveryBatchFinishes`: batches finish in every run, not only where a run
/// ends.
#[test]
fn every_run_ends() {
    let runs: [(Scenario, usize); 6] = [
        (single().with_faults(3, FaultKind::ALL), 40),
        (two_slices().with_faults(1, FaultKind::ALL), 20),
        (slice_of_two().with_faults(2, FaultKind::ALL), 20),
        (update().with_faults(1, FaultKind::ALL), 30),
        (same_key(), 12),
        (without_key().with_faults(1, FaultKind::ALL), 20),
    ];
    for (scenario, steps_min) in runs {
        let steps = steps_of_longest_run(scenario, Guards::all());
        println!("the longest run has {steps:?} steps");
        assert!(steps.is_some_and(|steps| steps >= steps_min), "{steps:?}");
    }
}
