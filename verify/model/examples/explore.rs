//! Explores one batch under up to two faults, first with all guards, then without the announcement
//! in ingest's commit.
//!
//!     cargo run --package tributary-model --example explore

use tributary_model::{
    Always, Entry, FaultKind, Guard, Guards, Request, Scenario, explore, shortest_counterexample,
};

const BODY: &[Entry] = &[Entry::posted(0, 0)];

fn main() {
    let request = Request { key: Some(0), body: BODY };
    let scenario = Scenario::of(&[request]).with_faults(2, FaultKind::ALL);

    let explored = explore(scenario.clone(), Guards::all());
    println!("All guards: {} states", explored.states);
    println!("  violated: {:?}", explored.violated);
    println!("  reached: {:?}", explored.reached);

    let guards = Guards::all().without(Guard::AnnounceAtInCommit);
    let property = Always::EveryBatchFinishes;
    match shortest_counterexample(scenario, guards, property) {
        None => println!("Without the announcement: \"{}\" holds", property.name()),
        Some(steps) => {
            println!("Without the announcement, this violates \"{}\":", property.name());
            for step in steps {
                println!("  {step:?}");
            }
        }
    }
}
