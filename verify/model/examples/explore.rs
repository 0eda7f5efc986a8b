//! Explores one batch under up to two faults, first with all guards, then without the outbox entry.
//!
//!     cargo run --package tributary-model --example explore

use tributary_model::{
    Always, FaultKind, Guard, Guards, Request, Scenario, explore, shortest_counterexample,
};

fn main() {
    let request = Request { key: Some(0), body: &[(0, 0)] };
    let scenario = Scenario::of(&[request]).with_faults(2, FaultKind::ALL);

    let explored = explore(scenario.clone(), Guards::all());
    println!("All guards: {} states", explored.states);
    println!("  violated: {:?}", explored.violated);
    println!("  reached: {:?}", explored.reached);

    let guards = Guards::all().without(Guard::OutboxEntry);
    let property = Always::UnsentHasOutboxEntry;
    match shortest_counterexample(scenario, guards, property) {
        None => println!("Without the outbox entry: \"{}\" holds", property.name()),
        Some(steps) => {
            println!("Without the outbox entry, this violates \"{}\":", property.name());
            for step in steps {
                println!("  {step:?}");
            }
        }
    }
}
