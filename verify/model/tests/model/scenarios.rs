//! The scenarios, and how a test asks about them.

use tributary_model::{
    Action, Always, Explored, Fault, FaultKind, Guard, Guards, Post, Scenario, explore,
    shortest_counterexample,
};

pub const DEATH: &[FaultKind] = &[FaultKind::Death];
pub const SLOWNESS: &[FaultKind] = &[FaultKind::Slowness];

/// Bodies: transaction ids with contents.
const FIRST: &[(u8, u8)] = &[(0, 0)];
const OTHER: &[(u8, u8)] = &[(0, 1)];
const BOTH: &[(u8, u8)] = &[(0, 0), (1, 1)];
const SECOND_REVISED: &[(u8, u8)] = &[(1, 0)];

/// One batch with one transaction.
pub fn lone() -> Scenario {
    Scenario::of(&[Post { key: Some(0), body: FIRST }])
}

/// One batch with more transactions than a worker claims at a time.
pub fn two_rows() -> Scenario {
    Scenario::of(&[Post { key: Some(0), body: BOTH }])
}

/// A batch, and another that brings its transaction with other content.
pub fn update() -> Scenario {
    Scenario::of(&[Post { key: Some(0), body: FIRST }, Post { key: Some(1), body: OTHER }])
}

/// A batch of two transactions, and another that brings one of them with other content.
pub fn update_of_one() -> Scenario {
    let update = Post { key: Some(1), body: SECOND_REVISED };
    Scenario::of(&[Post { key: Some(0), body: BOTH }, update])
}

/// A request, again, and its key with another body.
pub fn same_key() -> Scenario {
    let first = Post { key: Some(0), body: FIRST };
    Scenario::of(&[first.clone(), first, Post { key: Some(0), body: OTHER }])
}

/// A request, again, and an update under a key of its own.
pub fn again_and_update() -> Scenario {
    let first = Post { key: Some(0), body: FIRST };
    Scenario::of(&[first.clone(), first, Post { key: Some(1), body: OTHER }])
}

/// The same body twice without a key: the second changes nothing.
pub fn without_key() -> Scenario {
    let first = Post { key: None, body: FIRST };
    Scenario::of(&[first.clone(), first])
}

/// All guards but some.
pub fn without(guards: &[Guard]) -> Guards {
    guards.iter().fold(Guards::all(), |left, guard| left.without(*guard))
}

/// Looks at every state: no promise may be broken.
#[track_caller]
pub fn holds(scenario: Scenario, guards: Guards) -> Explored {
    let explored = explore(scenario, guards);
    println!("{} states, reached {:?}", explored.states, explored.reached);
    assert!(explored.broken.is_empty(), "{:#?}", explored.broken);
    explored
}

/// Finds the shortest way to break a promise: there has to be one.
#[track_caller]
pub fn breaks(scenario: Scenario, removed: &[Guard], promise: Always) -> Vec<Action> {
    let found = shortest_counterexample(scenario, without(removed), promise);
    assert!(found.is_some(), "{promise:?} holds without {removed:?}");
    let steps = found.unwrap_or_default();
    println!("without {removed:?}, {promise:?} breaks in {} steps: {steps:?}", steps.len());
    steps
}

/// How many of the steps are faults.
pub fn faults(steps: &[Action]) -> Vec<Fault> {
    let fault = |step: &Action| if let Action::Fault(fault) = step { Some(*fault) } else { None };
    steps.iter().filter_map(fault).collect()
}
