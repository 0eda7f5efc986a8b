//! Enrich: `functions/enrich`, from a message to its deletion.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::slice::{Slice, Token};
use crate::state::{State, Visibility, Worker, to_id};
use crate::{finish, locks, queue};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    // Idle workers are interchangeable, so only the first receives.
    if let Some(idle) = state.workers.iter().position(|worker| *worker == Worker::Idle) {
        let visible =
            queue::distinct(state).filter(|(_, message)| message.visibility == Visibility::Visible);
        steps.extend(visible.map(|(message, _)| Action::Receive(to_id(idle), message)));
    }
    for worker in 0..to_id(state.workers.len()) {
        steps.extend(step(protocol, state, worker));
    }
    let orphaned = state.slices.iter().enumerate().filter(|(_, slice)| slice.is_orphaned());
    steps.extend(orphaned.map(|(slice, _)| Action::ExpireLease(to_id(slice))));
}

/// The next step of a worker, unless it waits for a lock.
fn step(protocol: &Protocol, state: &State, worker: u8) -> Option<Action> {
    let (step, is_blocked) = match &state.workers[usize::from(worker)] {
        Worker::Idle => return None,
        Worker::Received { .. } => (Action::Claim(worker), false),
        Worker::WaitsForBatch { batch, .. } => {
            (Action::Claim(worker), locks::is_batch_locked(state, *batch))
        }
        Worker::Claimed(claim) if finish::is_lethal(protocol, claim) => {
            (Action::LethalRow(worker), false)
        }
        Worker::Writes(writing) if writing.is_written => (Action::Finish(worker), false),
        Worker::Claimed(_) | Worker::Writes(_) => {
            (Action::WriteResults(worker), !finish::can_write(protocol, state, worker))
        }
        Worker::NothingClaimed { batch } => {
            let must_lock = protocol.has(Guard::SettleUnderLock);
            (Action::Settle(worker), must_lock && locks::is_batch_locked(state, *batch))
        }
        Worker::MarksFinished { batch, .. } => {
            (Action::MarkFinished(worker), locks::is_batch_locked(state, *batch))
        }
        Worker::DeletesMessage => (Action::DeleteMessage(worker), false),
    };
    (!is_blocked).then_some(step)
}

pub(crate) fn faults(protocol: &Protocol, state: &State, faults: &mut Vec<Fault>) {
    for (index, worker) in state.workers.iter().enumerate() {
        let id = to_id(index);
        match worker {
            Worker::Idle => continue,
            Worker::Received { .. } => {
                faults.extend([Fault::StatementFails(id), Fault::Deadline(id), Fault::Shutdown(id)])
            }
            Worker::Claimed(claim) => {
                faults.push(Fault::StatementFails(id));
                // Both lock the slice, and wait as a finish does.
                if finish::can_write(protocol, state, id) {
                    faults.push(Fault::Shutdown(id));
                    if !claim.rows.is_empty() {
                        faults.push(Fault::CategoriserFails(id));
                    }
                }
            }
            Worker::Writes(_) | Worker::NothingClaimed { .. } => {
                faults.push(Fault::StatementFails(id));
            }
            Worker::WaitsForBatch { .. }
            | Worker::MarksFinished { .. }
            | Worker::DeletesMessage => {}
        }
        faults.push(Fault::WorkerCrashes(id));
    }
    let is_live = |slice: &Slice| slice.is_leased() && !slice.is_orphaned();
    let live = state.slices.iter().enumerate().filter(|(_, slice)| is_live(slice));
    faults.extend(live.map(|(slice, _)| Fault::LeaseExpiresEarly(to_id(slice))));
}

/// The event source mapping passes a message to a worker.
pub(crate) fn receive(protocol: &Protocol, state: &mut State, worker: u8, message: u8) {
    let index = usize::from(message);
    state.messages[index].receives += 1;
    state.messages[index].visibility = Visibility::InFlight(worker);
    let batch = state.messages[index].batch;
    state.workers[usize::from(worker)] = Worker::Received { batch };
    if !protocol.has(Guard::DeleteMessageLast) {
        state.messages.remove(index);
    }
}

/// The second statement of a finish, and its commit. The next claim follows, or the message returns
/// to the queue after a transient failure.
pub(crate) fn finish(protocol: &Protocol, state: &mut State, worker: u8) {
    if finish::finish(protocol, state, worker) {
        retry_later(protocol, state, worker);
    }
}

/// The categoriser fails for a row. The decided rows are finished, and the slice is released.
pub(crate) fn categoriser_fails(protocol: &Protocol, state: &mut State, worker: u8) {
    if let Worker::Claimed(claim) = state.workers[usize::from(worker)].clone() {
        let writing = finish::decide(protocol, claim, true);
        state.workers[usize::from(worker)] = Worker::Writes(writing);
    }
}

/// `release.sql`, without counting the attempt; then the message returns to the queue.
pub(crate) fn shut_down(protocol: &Protocol, state: &mut State, worker: u8) {
    for slice in state.slices.iter_mut().filter(|slice| slice.is_held_by(worker)) {
        slice.release();
        slice.attempts -= 1;
    }
    retry_later(protocol, state, worker);
}

/// The message is not a batch item failure, so the event source mapping deletes it.
pub(crate) fn delete_message(state: &mut State, worker: u8) {
    if let Some(message) = queue::held_by(state, worker) {
        state.messages.remove(message);
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

/// Sends a new message and deletes the current one.
pub(crate) fn continue_later(state: &mut State, worker: u8) {
    let Worker::Received { batch } = state.workers[usize::from(worker)] else { return };
    queue::send(state, batch);
    delete_message(state, worker);
}

/// A claim or a finish is rolled back. The lease of an earlier claim remains, and no worker has its
/// token.
pub(crate) fn statement_fails(protocol: &Protocol, state: &mut State, worker: u8) {
    orphan_lease(state, worker);
    retry_later(protocol, state, worker);
}

/// The message stays in flight and the slice stays leased until each expires.
pub(crate) fn crash(state: &mut State, worker: u8) {
    orphan_lease(state, worker);
    if let Some(message) = queue::held_by(state, worker) {
        state.messages[message].visibility = Visibility::Orphaned;
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

pub(crate) fn expire_lease(state: &mut State, slice: u8) {
    state.slices[usize::from(slice)].is_expired = true;
}

/// Returns the message to the queue, possibly before the lease expires.
fn retry_later(protocol: &Protocol, state: &mut State, worker: u8) {
    if let Some(message) = queue::held_by(state, worker) {
        queue::make_visible(protocol, state, to_id(message));
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

fn orphan_lease(state: &mut State, worker: u8) {
    for slice in state.slices.iter_mut().filter(|slice| slice.is_held_by(worker)) {
        slice.token = Some(Token::Orphaned);
    }
}
