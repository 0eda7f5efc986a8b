//! The protocol with all guards: no state violates a property.

use tributary_model::{FaultKind, Guards, Scenario, Sometimes, steps_of_longest_run};

use crate::scenarios::{
    CRASH, holds, replay_and_update, same_key, single, two_rows, update, update_of_one, without_key,
};

/// All properties hold, and the exploration reached enough states and events to be meaningful.
#[track_caller]
fn all_hold(scenario: Scenario, states_min: usize, events: &[Sometimes]) {
    let explored = holds(scenario, Guards::all());
    assert!(explored.states >= states_min, "only {} states", explored.states);
    for event in events {
        assert!(explored.reached.contains(event), "{event:?} was not reached");
    }
}

#[test]
fn batch_finishes_despite_any_three_faults() {
    let events = [
        Sometimes::RowClaimedTwice,
        Sometimes::DeadLettered,
        Sometimes::RowFailed,
        Sometimes::AllDone,
    ];
    all_hold(single().with_faults(3, FaultKind::ALL), 50_000, &events);
}

#[test]
fn batch_of_more_than_one_claim_finishes_despite_any_two_faults() {
    let events = [Sometimes::RowClaimedTwice, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(two_rows().with_faults(2, FaultKind::ALL), 10_000, &events);
}

#[test]
fn update_finishes_despite_any_fault() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::RowClaimedTwice, Sometimes::AllDone];
    all_hold(update().with_faults(1, FaultKind::ALL), 40_000, &events);
}

#[test]
fn update_finishes_despite_any_two_crashes() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(update().with_faults(2, CRASH), 100_000, &events);
}

#[test]
fn partial_update_finishes_despite_any_crash() {
    let events = [Sometimes::RevisedWhileClaimed, Sometimes::AllDone];
    all_hold(update_of_one().with_faults(1, CRASH), 10_000, &events);
}

#[test]
fn key_used_three_times_makes_one_batch_despite_any_fault() {
    let events = [Sometimes::Replayed, Sometimes::Rejected, Sometimes::AllDone];
    all_hold(same_key().with_faults(1, FaultKind::ALL), 50_000, &events);
}

#[test]
fn request_repeated_during_an_update_is_accepted_once() {
    let events = [Sometimes::Replayed, Sometimes::RevisedWhileClaimed, Sometimes::AllDone];
    all_hold(replay_and_update(), 15_000, &events);
}

#[test]
fn body_repeated_without_a_key_counts_once_despite_any_two_faults() {
    all_hold(without_key().with_faults(2, FaultKind::ALL), 30_000, &[Sometimes::AllDone]);
}

/// Together with `Always::EveryBatchFinishes`: batches finish in every run, not only where a run
/// ends.
#[test]
fn every_run_ends() {
    let runs = [
        (single().with_faults(3, FaultKind::ALL), 40),
        (two_rows().with_faults(1, FaultKind::ALL), 20),
        (update().with_faults(1, FaultKind::ALL), 40),
        (same_key(), 20),
        (without_key().with_faults(1, FaultKind::ALL), 20),
    ];
    for (scenario, steps_min) in runs {
        let steps = steps_of_longest_run(scenario, Guards::all());
        println!("the longest run has {steps:?} steps");
        assert!(steps.is_some_and(|steps| steps >= steps_min), "{steps:?}");
    }
}
