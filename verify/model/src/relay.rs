//! Relay: `functions/relay`. Concurrent invocations act as one, since each locks its entries.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::state::{Outbox, State, to_id};
use crate::{ingest, queue};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (index, batch) in state.batches.iter().enumerate() {
        let id = to_id(index);
        match batch.outbox {
            Outbox::Pending | Outbox::PendingByRetry if !ingest::is_sending(state, id) => {
                steps.push(Action::RelaySend(id));
            }
            Outbox::SentByRelay => steps.push(Action::RelayMarkSent(id)),
            Outbox::None
                if is_requeueable(protocol, state, id) && !is_in_progress(protocol, state, id) =>
            {
                steps.push(Action::RequeueStalled(id));
            }
            Outbox::Pending | Outbox::PendingByRetry | Outbox::None => {}
        }
    }
}

pub(crate) fn faults(protocol: &Protocol, state: &State, faults: &mut Vec<Fault>) {
    for (index, batch) in state.batches.iter().enumerate() {
        let id = to_id(index);
        match batch.outbox {
            Outbox::Pending | Outbox::PendingByRetry if ingest::is_sending(state, id) => {
                faults.push(Fault::RelaySendsEarly(id));
            }
            Outbox::SentByRelay => faults.push(Fault::RelayCrashes(id)),
            Outbox::None
                if is_requeueable(protocol, state, id) && is_in_progress(protocol, state, id) =>
            {
                faults.push(Fault::RequeueEarly(id));
            }
            Outbox::Pending | Outbox::PendingByRetry | Outbox::None => {}
        }
    }
}

/// Locks the outbox entry until the commit, and sends its message.
pub(crate) fn send(state: &mut State, batch: u8) {
    queue::send(state, batch);
    state.batches[usize::from(batch)].outbox = Outbox::SentByRelay;
}

/// Deletes the outbox entry and commits.
pub(crate) fn mark_sent(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::None;
}

/// The deletion is rolled back.
pub(crate) fn crash(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::Pending;
}

/// Inserts an outbox entry for one stalled batch.
pub(crate) fn requeue_stalled(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::Pending;
}

/// The `where` of `requeue_stalled.sql`, except for the age.
fn is_requeueable(protocol: &Protocol, state: &State, batch: u8) -> bool {
    let is_leased = state.rows.iter().any(|row| {
        row.batch == batch && matches!(row.status, Status::Processing { is_live: true, .. })
    });
    let is_unfinished = !state.batches[usize::from(batch)].is_finished;
    protocol.has(Guard::RequeueStalled) && is_unfinished && !is_leased
}

/// Whether the batch progresses without relay. Only a delay lets it reach the age of a stalled
/// batch.
fn is_in_progress(protocol: &Protocol, state: &State, batch: u8) -> bool {
    let is_locked = |row: &Row| row.batch == batch && ingest::locks(protocol, state, row.id);
    queue::has_message(state, batch)
        || ingest::is_sending(state, batch)
        || state.rows.iter().any(is_locked)
}
