//! The protocol as a `stateright` model: which steps a state offers, and where each leads.

use stateright::{Model, Property};

use crate::action::{Action, Fault};
use crate::guard::{Guard, Guards};
use crate::properties;
use crate::scenario::{Post, Scenario};
use crate::state::State;
use crate::{enrich, ingest, queue, relay, retry};

/// A scenario under some guards.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub(crate) scenario: Scenario,
    pub(crate) guards: Guards,
}

impl Protocol {
    /// The protocol in a scenario.
    #[must_use]
    pub const fn new(scenario: Scenario, guards: Guards) -> Self {
        Self { scenario, guards }
    }

    pub(crate) const fn has(&self, guard: Guard) -> bool {
        self.guards.has(guard)
    }

    pub(crate) fn post(&self, call: u8) -> &Post {
        &self.scenario.posts[usize::from(call)]
    }

    /// The steps that are taken sooner or later if nothing goes wrong.
    pub(crate) fn steps(&self, state: &State, steps: &mut Vec<Action>) {
        ingest::steps(self, state, steps);
        retry::steps(state, steps);
        relay::steps(self, state, steps);
        queue::steps(self, state, steps);
        enrich::steps(self, state, steps);
        if state.late != crate::sums::Sums::default() {
            steps.push(Action::AppendLate);
        }
    }

    fn faults(&self, state: &State, actions: &mut Vec<Action>) {
        if state.faults_left == 0 {
            return;
        }
        let mut faults = Vec::new();
        ingest::faults(state, &mut faults);
        relay::faults(self, state, &mut faults);
        queue::faults(state, &mut faults);
        enrich::faults(state, &mut faults);
        faults.retain(|fault| self.scenario.faults.contains(&fault.kind()));
        actions.extend(faults.into_iter().map(Action::Fault));
    }

    /// Whether nothing is left to do but what clients may still post.
    pub(crate) fn is_at_rest(&self, state: &State) -> bool {
        let mut steps = Vec::new();
        self.steps(state, &mut steps);
        steps.iter().all(|step| matches!(step, Action::Begin(_) | Action::Retry(_)))
    }

    fn take(&self, state: &mut State, action: Action) {
        match action {
            Action::Begin(call) => ingest::begin(self, state, call),
            Action::LockKey(call) => ingest::lock_key(self, state, call),
            Action::Write(call) => ingest::write(self, state, call),
            Action::Commit(call) => ingest::commit(self, state, call),
            Action::Send(call) => ingest::send(self, state, call),
            Action::MarkSent(call) => ingest::mark_sent(self, state, call),
            Action::Retry(batch) => retry::retry(self, state, batch),
            Action::RelaySend(batch) => relay::send(state, batch),
            Action::RelayMarkSent(batch) => relay::mark_sent(state, batch),
            Action::Sweep(batch) => relay::requeue_stalled(state, batch),
            Action::Receive(worker, message) => enrich::receive(self, state, worker, message),
            Action::TimeOut(message) => queue::time_out(self, state, message),
            Action::Claim(worker) => enrich::claim(self, state, worker),
            Action::Finish(worker) => enrich::finish(self, state, worker),
            Action::LookForEnd(worker) => enrich::look_for_end(self, state, worker),
            Action::MarkEnd(worker) => enrich::mark_end(state, worker),
            Action::Acknowledge(worker) => enrich::acknowledge(state, worker),
            Action::LeaseRunsOut(row) => enrich::lease_runs_out(state, row),
            Action::AppendLate => {
                let mut late = std::mem::take(&mut state.late);
                state.sums.take(&mut late);
            }
            Action::Fault(fault) => {
                state.faults_left -= 1;
                self.suffer(state, fault);
            }
        }
    }

    fn suffer(&self, state: &mut State, fault: Fault) {
        match fault {
            Fault::IngestDies(call) => ingest::die(state, call),
            Fault::SendRefused(call) => ingest::answer(state, call),
            Fault::RelayDies(batch) => relay::die(state, batch),
            Fault::RelaySendsEarly(batch) => relay::send(state, batch),
            Fault::SweepEarly(batch) => relay::requeue_stalled(state, batch),
            Fault::Duplicated(message) => queue::duplicate(state, message),
            Fault::TimeOutEarly(message) => queue::time_out(self, state, message),
            Fault::LeaseRunsOutEarly(row) => enrich::lease_runs_out(state, row),
            Fault::WorkerDies(worker) => enrich::die(state, worker),
            Fault::StatementFails(worker) => enrich::statement_fails(self, state, worker),
            Fault::CategoriserAway(worker) => enrich::release(self, state, worker),
            Fault::Stopped(worker) => enrich::stop(self, state, worker),
            Fault::OutOfTime(worker) => enrich::continue_later(state, worker),
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(&self.scenario)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.steps(state, actions);
        self.faults(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.take(&mut state, action);
        state.messages.sort_unstable();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
