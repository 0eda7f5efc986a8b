//! Runs the checker.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::action::Action;
use crate::guard::Guards;
use crate::properties::{Always, Sometimes};
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::state::State;

/// What was found when every state was looked at.
#[derive(Debug)]
pub struct Explored {
    /// How many different states there are.
    pub states: usize,
    /// Which promises were broken, each with the steps that broke it.
    pub broken: Vec<(Always, Vec<Action>)>,
    /// What came about.
    pub reached: Vec<Sometimes>,
}

/// Looks at every state of a scenario.
#[must_use]
pub fn explore(scenario: Scenario, guards: Guards) -> Explored {
    let checker = Protocol::new(scenario, guards).checker().spawn_dfs().join();
    let mut found = checker.discoveries();
    let mut take = |name| found.remove(name);
    let broken = Always::ALL
        .iter()
        .filter_map(|promise| take(promise.name()).map(|path| (*promise, path.into_actions())));
    let broken = broken.collect();
    let is_reached = |event: &&Sometimes| take(event.name()).is_some();
    let reached = Sometimes::ALL.iter().filter(is_reached).copied().collect();
    Explored { states: checker.unique_state_count(), broken, reached }
}

/// The fewest steps that break a promise, if any do.
#[must_use]
pub fn shortest_counterexample(
    scenario: Scenario,
    guards: Guards,
    promise: Always,
) -> Option<Vec<Action>> {
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([promise.name()]));
    let protocol = Protocol::new(scenario, guards);
    let find = |depth_max: usize| {
        let checker = protocol.clone().checker().finish_when(wanted.clone());
        let checker = checker.target_max_depth(depth_max).spawn_bfs().join();
        checker.discovery(promise.name()).map(Path::into_actions)
    };
    // The checker reports the last one of those that it finds at about the same depth.
    let mut shortest = find(usize::MAX)?;
    // Steps lead to states one deeper than they are many, and the states of the limit are left out.
    while let Some(shorter) = find(shortest.len() + 1) {
        shortest = shorter;
    }
    Some(shortest)
}

/// How many steps the longest run has, or `None` if a run can go on for ever.
///
/// This is what makes [`Always::Settles`] more than a promise of safety: if every run ends, and
/// everything is settled wherever nothing is left to do, then everything settles in every run.
#[must_use]
pub fn steps_of_longest_run(scenario: Scenario, guards: Guards) -> Option<usize> {
    /// A state on the way, the states after it that are to be looked at, and the longest run found.
    struct Visit {
        of: u64,
        next: Vec<State>,
        longest: usize,
    }
    let protocol = Protocol::new(scenario, guards);
    // The longest run from each state; `None` while it is on the way, where to meet it is a circle.
    let mut known: HashMap<u64, Option<usize>> = HashMap::new();
    let visit = |state: &State, known: &mut HashMap<u64, Option<usize>>| {
        let of = fingerprint(state);
        known.insert(of, None);
        Visit { of, next: protocol.next_states(state), longest: 0 }
    };
    let first = protocol.init_states().pop()?;
    let mut way = vec![visit(&first, &mut known)];
    let mut ended = 0;
    while let Some(here) = way.last_mut() {
        here.longest = here.longest.max(ended);
        ended = 0;
        let Some(next) = here.next.pop() else {
            ended = here.longest + 1;
            known.insert(here.of, Some(here.longest));
            way.pop();
            continue;
        };
        match known.get(&fingerprint(&next)) {
            Some(None) => return None,
            Some(Some(longest)) => ended = longest + 1,
            None => way.push(visit(&next, &mut known)),
        }
    }
    Some(ended.saturating_sub(1))
}

fn fingerprint(state: &State) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(state)
}
