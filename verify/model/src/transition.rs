//! The transitions: the steps and faults possible in a state, and the state that each leads to.

use crate::action::{Action, Fault};
use crate::protocol::Protocol;
use crate::state::{Call, State};
use crate::sums::Sums;
use crate::{claim, enrich, finish, ingest, ingest_rows, queue, relay, retry};

/// The steps that occur eventually when no fault does.
pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    ingest::steps(protocol, state, steps);
    retry::steps(protocol, state, steps);
    relay::steps(protocol, state, steps);
    queue::steps(protocol, state, steps);
    enrich::steps(protocol, state, steps);
    if state.deferred_deltas != Sums::default() {
        steps.push(Action::MoveSums);
    }
}

/// The faults that the scenario allows.
pub(crate) fn faults(protocol: &Protocol, state: &State, actions: &mut Vec<Action>) {
    if state.faults_left == 0 {
        return;
    }
    let mut faults = Vec::new();
    ingest::faults(state, &mut faults);
    relay::faults(protocol, state, &mut faults);
    queue::faults(state, &mut faults);
    enrich::faults(protocol, state, &mut faults);
    faults.retain(|fault| protocol.scenario.faults.contains(&fault.kind()));
    actions.extend(faults.into_iter().map(Action::Fault));
}

/// Whether no step is left except those of clients that may also not send.
pub(crate) fn is_idle(protocol: &Protocol, state: &State) -> bool {
    let mut possible = Vec::new();
    steps(protocol, state, &mut possible);
    possible.iter().all(|step| client(state, *step).is_some())
}

/// The state in which the exploration starts: some requests are processed.
pub(crate) fn initial(protocol: &Protocol) -> State {
    let mut state = State::initial(&protocol.scenario);
    let is_due = |state: &State, step: &Action| {
        client(state, *step).is_none_or(|call| usize::from(call) < protocol.scenario.processed)
    };
    let mut possible = Vec::new();
    loop {
        steps(protocol, &state, &mut possible);
        let Some(step) = possible.iter().find(|step| is_due(&state, step)) else { return state };
        apply(protocol, &mut state, *step);
        possible.clear();
    }
}

/// The unsent request or retry that a step sends.
fn client(state: &State, step: Action) -> Option<u8> {
    match step {
        Action::InsertBatch(call) | Action::KeyTimeout(call) | Action::LockBatch(call, _) => {
            (state.calls[usize::from(call)] == Call::NotSent).then_some(call)
        }
        _ => None,
    }
}

/// Changes the state as the action does.
pub(crate) fn apply(protocol: &Protocol, state: &mut State, action: Action) {
    match action {
        Action::InsertBatch(call) => ingest::insert_batch(protocol, state, call),
        Action::KeyTimeout(call) => ingest::reject(state, call),
        Action::LockAccounts(call) => ingest_rows::lock_accounts(state, call),
        Action::InsertNew(call) => ingest_rows::insert_new(protocol, state, call),
        Action::LockKnown(call) => ingest_rows::lock_known(protocol, state, call),
        Action::UpdateReplacements(call) => ingest_rows::update_replacements(protocol, state, call),
        Action::Commit(call) => ingest_rows::commit(protocol, state, call),
        Action::Send(call) => ingest::send(state, call),
        Action::LockBatch(call, batch) => retry::lock_batch(state, call, batch),
        Action::LockSlices(call) => retry::lock_slices(state, call),
        Action::CommitRetry(call) => retry::commit(protocol, state, call),
        Action::RelayTakes(batch) => relay::take(protocol, state, batch),
        Action::RelaySends(batch) => relay::send(state, batch),
        Action::RelayPostpones(batch) => relay::postpone(protocol, state, batch),
        Action::Receive(worker, message) => enrich::receive(protocol, state, worker, message),
        Action::VisibilityTimeout(message) => queue::make_visible(protocol, state, message),
        Action::Claim(worker) => claim::claim(protocol, state, worker),
        Action::LethalRow(worker) => enrich::crash(state, worker),
        Action::WriteResults(worker) => finish::write_results(protocol, state, worker),
        Action::Finish(worker) => enrich::finish(protocol, state, worker),
        Action::Settle(worker) => finish::settle(protocol, state, worker),
        Action::MarkFinished(worker) => finish::mark_finished(state, worker),
        Action::DeleteMessage(worker) => enrich::delete_message(state, worker),
        Action::ExpireLease(slice) => enrich::expire_lease(state, slice),
        Action::MoveSums => {
            let deltas = std::mem::take(&mut state.deferred_deltas);
            state.sums.merge(&deltas);
        }
        Action::Fault(fault) => {
            state.faults_left -= 1;
            apply_fault(protocol, state, fault);
        }
    }
    state.messages.sort_unstable();
    state.slices.sort_unstable();
}

fn apply_fault(protocol: &Protocol, state: &mut State, fault: Fault) {
    match fault {
        Fault::IngestCrashes(call) => ingest::crash(state, call),
        Fault::SendFails(call) => ingest::send_fails(protocol, state, call),
        Fault::RelayCrashes(batch) => relay::crash(state, batch),
        Fault::RelayTakesEarly(batch) => relay::take(protocol, state, batch),
        Fault::DuplicateDelivery(message) => queue::duplicate(state, message),
        Fault::VisibilityTimeoutEarly(message) => queue::make_visible(protocol, state, message),
        Fault::LeaseExpiresEarly(slice) => enrich::expire_lease(state, slice),
        Fault::WorkerCrashes(worker) => enrich::crash(state, worker),
        Fault::StatementFails(worker) => enrich::statement_fails(protocol, state, worker),
        Fault::CategoriserFails(worker) => enrich::categoriser_fails(protocol, state, worker),
        Fault::Shutdown(worker) => enrich::shut_down(protocol, state, worker),
        Fault::Deadline(worker) => enrich::continue_later(state, worker),
    }
}
