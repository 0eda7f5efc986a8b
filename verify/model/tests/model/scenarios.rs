//! The scenarios that several files explore, and the assertions on them.

use tributary_model::{
    Action, Always, Entry, Explored, Fault, FaultKind, Guard, Guards, Request, Scenario, Sometimes,
    explore, shortest_counterexample,
};

pub const CRASH: &[FaultKind] =
    &[FaultKind::IngestCrash, FaultKind::RelayCrash, FaultKind::WorkerCrash];
pub const WORKER_CRASH: &[FaultKind] = &[FaultKind::WorkerCrash];
pub const DELAY: &[FaultKind] = &[FaultKind::Delay];
pub const CATEGORISER: &[FaultKind] = &[FaultKind::Categoriser];

pub const FIRST: &[Entry] = &[Entry::posted(0, 0)];
const OTHER: &[Entry] = &[Entry::posted(0, 1)];
pub const BOTH: &[Entry] = &[Entry::posted(0, 0), Entry::posted(1, 1)];
const SECOND_REVISED: &[Entry] = &[Entry::posted(1, 0)];

/// Requests with a key each.
pub fn requests(bodies: &[&'static [Entry]]) -> Scenario {
    let requests = bodies.iter().zip(0..).map(|(body, key)| Request { key: Some(key), body });
    Scenario::of(&requests.collect::<Vec<_>>())
}

/// One batch with one transaction.
pub fn single() -> Scenario {
    requests(&[FIRST])
}

/// One batch with two slices.
pub fn two_slices() -> Scenario {
    requests(&[BOTH])
}

/// One batch with two transactions in one slice.
pub fn slice_of_two() -> Scenario {
    Scenario { slice_size: 2, ..two_slices() }
}

/// A batch, and another with different content for the same transaction.
pub fn update() -> Scenario {
    requests(&[FIRST, OTHER])
}

/// A batch of two transactions, and another with different content for one of them.
pub fn update_of_one() -> Scenario {
    Scenario { slice_size: 2, ..requests(&[BOTH, SECOND_REVISED]) }
}

/// A request, the same request again, and the same key with other content.
pub fn same_key() -> Scenario {
    Scenario::of(&[FIRST, FIRST, OTHER].map(|body| Request { key: Some(0), body }))
}

/// A request, the same request again, and an update with another key.
pub fn replay_and_update() -> Scenario {
    let request = |key, body| Request { key: Some(key), body };
    Scenario::of(&[request(0, FIRST), request(0, FIRST), request(1, OTHER)])
}

/// The same body twice without a key: the second changes nothing.
pub fn without_key() -> Scenario {
    Scenario::of(&[FIRST, FIRST].map(|body| Request { key: None, body }))
}

/// All guards except some.
pub fn without(guards: &[Guard]) -> Guards {
    guards.iter().fold(Guards::all(), |left, guard| left.without(*guard))
}

/// Asserts that no state violates a property.
#[track_caller]
pub fn holds(scenario: Scenario, guards: Guards) -> Explored {
    let explored = explore(scenario, guards);
    println!("{} states, reached {:?}", explored.states, explored.reached);
    assert!(explored.violated.is_empty(), "{:#?}", explored.violated);
    explored
}

/// Asserts that all properties hold with all guards, and that the exploration reached enough states
/// and events to be meaningful.
#[track_caller]
pub fn all_hold(scenario: Scenario, states_min: usize, events: &[Sometimes]) {
    let explored = holds(scenario, Guards::all());
    assert!(explored.states >= states_min, "only {} states", explored.states);
    for event in events {
        assert!(explored.reached.contains(event), "{event:?} was not reached");
    }
}

/// Asserts that some state violates a property. Returns the shortest counterexample.
#[track_caller]
pub fn violates(scenario: Scenario, removed: &[Guard], property: Always) -> Vec<Action> {
    let found = shortest_counterexample(scenario, without(removed), property);
    assert!(found.is_some(), "{property:?} holds without {removed:?}");
    let steps = found.unwrap_or_default();
    println!("without {removed:?}, {} steps violate {property:?}: {steps:?}", steps.len());
    steps
}

/// The faults among the steps.
pub fn faults(steps: &[Action]) -> Vec<Fault> {
    let fault = |step: &Action| if let Action::Fault(fault) = step { Some(*fault) } else { None };
    steps.iter().filter_map(fault).collect()
}
