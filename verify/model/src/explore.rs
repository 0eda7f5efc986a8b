//! Runs the checker.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::action::Action;
use crate::always::Always;
use crate::guard::Guards;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::sometimes::Sometimes;
use crate::state::State;

/// The result of exploring every state.
#[derive(Debug)]
pub struct Explored {
    /// The number of distinct states.
    pub states: usize,
    /// The violated properties, each with the steps of a counterexample.
    pub violated: Vec<(Always, Vec<Action>)>,
    /// The properties that some state reached.
    pub reached: Vec<Sometimes>,
}

/// Explores every state of a scenario.
#[must_use]
pub fn explore(scenario: Scenario, guards: Guards) -> Explored {
    let checker = Protocol::new(scenario, guards).checker().spawn_dfs().join();
    let mut paths = checker.discoveries();
    let mut take = |name| paths.remove(name);
    let violated = Always::ALL
        .iter()
        .filter_map(|property| take(property.name()).map(|path| (*property, path.into_actions())));
    let violated = violated.collect();
    let is_reached = |property: &&Sometimes| take(property.name()).is_some();
    let reached = Sometimes::ALL.iter().filter(is_reached).copied().collect();
    Explored { states: checker.unique_state_count(), violated, reached }
}

/// The shortest steps that violate a property, if any do.
#[must_use]
pub fn shortest_counterexample(
    scenario: Scenario,
    guards: Guards,
    property: Always,
) -> Option<Vec<Action>> {
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([property.name()]));
    let protocol = Protocol::new(scenario, guards);
    let find = |depth_max: usize| {
        let checker = protocol.clone().checker().finish_when(wanted.clone());
        let checker = checker.target_max_depth(depth_max).spawn_bfs().join();
        checker.discovery(property.name()).map(Path::into_actions)
    };
    // Of several counterexamples at about the same depth, the checker reports the last.
    let mut shortest = find(usize::MAX)?;
    // A path of n steps ends at depth n + 1, and the checker omits states at the depth limit.
    while let Some(shorter) = find(shortest.len() + 1) {
        shortest = shorter;
    }
    Some(shortest)
}

/// The number of steps of the longest run, or `None` if a run can continue for ever.
///
/// It turns [`Always::EveryBatchFinishes`] into a liveness property: if every run ends, and every
/// batch is finished where a run ends, then every batch finishes in every run.
#[must_use]
pub fn steps_of_longest_run(scenario: Scenario, guards: Guards) -> Option<usize> {
    /// A state on the current path, its unvisited successors, and the longest run found from it.
    struct Visit {
        fingerprint: u64,
        next: Vec<State>,
        longest: usize,
    }
    let protocol = Protocol::new(scenario, guards);
    // The longest run from each state; `None` on the current path, where meeting it again is a
    // cycle.
    let mut known: HashMap<u64, Option<usize>> = HashMap::new();
    let visit = |state: &State, known: &mut HashMap<u64, Option<usize>>| {
        let fingerprint = fingerprint(state);
        known.insert(fingerprint, None);
        Visit { fingerprint, next: protocol.next_states(state), longest: 0 }
    };
    let initial = protocol.init_states().pop()?;
    let mut path = vec![visit(&initial, &mut known)];
    let mut ended = 0;
    while let Some(here) = path.last_mut() {
        here.longest = here.longest.max(ended);
        ended = 0;
        let Some(next) = here.next.pop() else {
            ended = here.longest + 1;
            known.insert(here.fingerprint, Some(here.longest));
            path.pop();
            continue;
        };
        match known.get(&fingerprint(&next)) {
            Some(None) => return None,
            Some(Some(longest)) => ended = longest + 1,
            None => path.push(visit(&next, &mut known)),
        }
    }
    Some(ended.saturating_sub(1))
}

fn fingerprint(state: &State) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
}
