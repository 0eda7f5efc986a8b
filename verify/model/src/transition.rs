//! The transitions: the steps and faults possible in a state, and the state that each leads to.

use crate::action::{Action, Fault};
use crate::protocol::Protocol;
use crate::state::State;
use crate::sums::Sums;
use crate::{enrich, ingest, queue, relay, retry};

/// The steps that occur eventually when no fault does.
pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    ingest::steps(protocol, state, steps);
    retry::steps(state, steps);
    relay::steps(protocol, state, steps);
    queue::steps(protocol, state, steps);
    enrich::steps(protocol, state, steps);
    if state.deferred_deltas != Sums::default() {
        steps.push(Action::AppendDeltas);
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
    enrich::faults(state, &mut faults);
    faults.retain(|fault| protocol.scenario.faults.contains(&fault.kind()));
    actions.extend(faults.into_iter().map(Action::Fault));
}

/// Whether no step is left except those of clients.
pub(crate) fn is_idle(protocol: &Protocol, state: &State) -> bool {
    let mut possible = Vec::new();
    steps(protocol, state, &mut possible);
    possible.iter().all(|step| matches!(step, Action::LookUpKey(_) | Action::Retry(_)))
}

/// Changes the state as the action does.
pub(crate) fn apply(protocol: &Protocol, state: &mut State, action: Action) {
    match action {
        Action::LookUpKey(call) => ingest::look_up_key(protocol, state, call),
        Action::LockKey(call) => ingest::lock_key(protocol, state, call),
        Action::WriteRows(call) => ingest::write_rows(protocol, state, call),
        Action::Commit(call) => ingest::commit(protocol, state, call),
        Action::Send(call) => ingest::send(protocol, state, call),
        Action::MarkSent(call) => ingest::mark_sent(protocol, state, call),
        Action::Retry(batch) => retry::retry(protocol, state, batch),
        Action::RelaySend(batch) => relay::send(state, batch),
        Action::RelayMarkSent(batch) => relay::mark_sent(state, batch),
        Action::RequeueStalled(batch) => relay::requeue_stalled(state, batch),
        Action::Receive(worker, message) => enrich::receive(protocol, state, worker, message),
        Action::VisibilityTimeout(message) => queue::make_visible(protocol, state, message),
        Action::Claim(worker) => enrich::claim(protocol, state, worker),
        Action::Finish(worker) => enrich::finish(protocol, state, worker),
        Action::CheckFinished(worker) => enrich::check_finished(protocol, state, worker),
        Action::MarkFinished(worker) => enrich::mark_finished(state, worker),
        Action::DeleteMessage(worker) => enrich::delete_message(state, worker),
        Action::ExpireLease(row) => enrich::expire_lease(state, row),
        Action::AppendDeltas => {
            let deltas = std::mem::take(&mut state.deferred_deltas);
            state.sums.merge(&deltas);
        }
        Action::Fault(fault) => {
            state.faults_left -= 1;
            apply_fault(protocol, state, fault);
        }
    }
}

fn apply_fault(protocol: &Protocol, state: &mut State, fault: Fault) {
    match fault {
        Fault::IngestCrashes(call) => ingest::crash(state, call),
        Fault::SendFails(call) => ingest::respond_unsent(state, call),
        Fault::RelayCrashes(batch) => relay::crash(state, batch),
        Fault::RelaySendsEarly(batch) => relay::send(state, batch),
        Fault::RequeueEarly(batch) => relay::requeue_stalled(state, batch),
        Fault::DuplicateDelivery(message) => queue::duplicate(state, message),
        Fault::VisibilityTimeoutEarly(message) => queue::make_visible(protocol, state, message),
        Fault::LeaseExpiresEarly(row) => enrich::expire_lease(state, row),
        Fault::WorkerCrashes(worker) => enrich::crash(state, worker),
        Fault::StatementFails(worker) => enrich::statement_fails(protocol, state, worker),
        Fault::CategoriserFails(worker) => enrich::categoriser_fails(protocol, state, worker),
        Fault::Shutdown(worker) => enrich::shut_down(protocol, state, worker),
        Fault::Deadline(worker) => enrich::continue_later(state, worker),
    }
}
