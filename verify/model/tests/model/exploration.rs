//! The protocol as it is: every state is looked at, and no promise is broken in any.

use tributary_model::{FaultKind, Guards, Scenario, Sometimes, steps_of_longest_run};

use crate::scenarios::{
    DEATH, again_and_update, holds, lone, same_key, two_rows, update, update_of_one, without_key,
};

/// All promises hold, and there were enough states and events for that to mean something.
#[track_caller]
fn all_hold(scenario: Scenario, states_min: usize, events: &[Sometimes]) {
    let explored = holds(scenario, Guards::all());
    assert!(explored.states >= states_min, "only {} states", explored.states);
    for event in events {
        assert!(explored.reached.contains(event), "{event:?} was not reached");
    }
}

#[test]
fn a_batch_settles_whatever_three_faults_strike() {
    let events =
        [Sometimes::TwoOnOneRow, Sometimes::DeadLettered, Sometimes::GivenUp, Sometimes::AllDone];
    all_hold(lone().with_faults(3, FaultKind::ALL), 50_000, &events);
}

#[test]
fn a_batch_of_more_than_one_claim_settles_whatever_two_faults_strike() {
    let events = [Sometimes::TwoOnOneRow, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(two_rows().with_faults(2, FaultKind::ALL), 10_000, &events);
}

#[test]
fn an_update_settles_whatever_fault_strikes() {
    let events = [Sometimes::RevisedUnderWorker, Sometimes::TwoOnOneRow, Sometimes::AllDone];
    all_hold(update().with_faults(1, FaultKind::ALL), 40_000, &events);
}

#[test]
fn an_update_settles_whichever_two_processes_die() {
    let events = [Sometimes::RevisedUnderWorker, Sometimes::DeadLettered, Sometimes::AllDone];
    all_hold(update().with_faults(2, DEATH), 100_000, &events);
}

#[test]
fn an_update_of_a_part_settles_whichever_process_dies() {
    let events = [Sometimes::RevisedUnderWorker, Sometimes::AllDone];
    all_hold(update_of_one().with_faults(1, DEATH), 10_000, &events);
}

#[test]
fn a_key_used_three_times_makes_one_batch_whatever_fault_strikes() {
    let events = [Sometimes::Replayed, Sometimes::Refused, Sometimes::AllDone];
    all_hold(same_key().with_faults(1, FaultKind::ALL), 50_000, &events);
}

#[test]
fn a_request_that_comes_again_beside_an_update_is_not_taken_again() {
    let events = [Sometimes::Replayed, Sometimes::RevisedUnderWorker, Sometimes::AllDone];
    all_hold(again_and_update(), 15_000, &events);
}

#[test]
fn a_body_that_comes_again_without_a_key_counts_once_whatever_two_faults_strike() {
    all_hold(without_key().with_faults(2, FaultKind::ALL), 30_000, &[Sometimes::AllDone]);
}

/// Together with `Always::Settles`: everything settles in every run, not only where a run ends.
#[test]
fn every_run_ends() {
    let runs = [
        (lone().with_faults(3, FaultKind::ALL), 40),
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
