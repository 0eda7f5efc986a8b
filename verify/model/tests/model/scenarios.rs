//! The scenarios, and the assertions on them.

use tributary_model::{
    Action, Always, Explored, Fault, FaultKind, Guard, Guards, Request, Scenario, explore,
    shortest_counterexample,
};

pub const CRASH: &[FaultKind] = &[FaultKind::Crash];
pub const DELAY: &[FaultKind] = &[FaultKind::Delay];

/// Bodies: transaction ids with contents.
const FIRST: &[(u8, u8)] = &[(0, 0)];
const OTHER: &[(u8, u8)] = &[(0, 1)];
const BOTH: &[(u8, u8)] = &[(0, 0), (1, 1)];
const SECOND_REVISED: &[(u8, u8)] = &[(1, 0)];

const fn request(key: u8, body: &'static [(u8, u8)]) -> Request {
    Request { key: Some(key), body }
}

/// One batch with one transaction.
pub fn single() -> Scenario {
    Scenario::of(&[request(0, FIRST)])
}

/// One batch with more transactions than a worker claims at once.
pub fn two_rows() -> Scenario {
    Scenario::of(&[request(0, BOTH)])
}

/// A batch, and another with different content for the same transaction.
pub fn update() -> Scenario {
    Scenario::of(&[request(0, FIRST), request(1, OTHER)])
}

/// A batch of two transactions, and another with different content for one of them.
pub fn update_of_one() -> Scenario {
    Scenario::of(&[request(0, BOTH), request(1, SECOND_REVISED)])
}

/// A request, the same request again, and the same key with other content.
pub fn same_key() -> Scenario {
    Scenario::of(&[request(0, FIRST), request(0, FIRST), request(0, OTHER)])
}

/// A request, the same request again, and an update with another key.
pub fn replay_and_update() -> Scenario {
    Scenario::of(&[request(0, FIRST), request(0, FIRST), request(1, OTHER)])
}

/// The same body twice without a key: the second changes nothing.
pub fn without_key() -> Scenario {
    let request = Request { key: None, body: FIRST };
    Scenario::of(&[request.clone(), request])
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
