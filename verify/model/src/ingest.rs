//! Ingest: `functions/ingest`, step by step.
//!
//! Writes of a transaction become visible at its commit; its locks exist from the write on.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::scenario::Request;
use crate::state::{Batch, Call, Outbox, Response, State, to_id};
use crate::{queue, transactions};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (index, call) in state.calls.iter().enumerate() {
        let id = to_id(index);
        match call {
            Call::NotSent => steps.push(Action::LookUpKey(id)),
            Call::KeyUnknown => steps.push(Action::LockKey(id)),
            Call::KeyLocked if is_blocked(protocol, state, id) => {}
            Call::KeyLocked => steps.push(Action::WriteRows(id)),
            Call::RowsWritten { .. } => steps.push(Action::Commit(id)),
            Call::Committed { .. } => steps.push(Action::Send(id)),
            // The deletion waits for relay's lock on the outbox entry.
            Call::Sent { batch } if is_locked_by_relay(state, *batch) => {}
            Call::Sent { .. } => steps.push(Action::MarkSent(id)),
            Call::Done(_) => {}
        }
    }
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (index, call) in state.calls.iter().enumerate() {
        let id = to_id(index);
        if !matches!(call, Call::NotSent | Call::Done(_)) {
            faults.push(Fault::IngestCrashes(id));
        }
        if matches!(call, Call::Committed { .. }) {
            faults.push(Fault::SendFails(id));
        }
    }
}

/// Whether ingest is about to send a batch's message or to mark it as sent.
pub(crate) fn is_sending(state: &State, batch: u8) -> bool {
    state.calls.iter().any(|call| match call {
        Call::Committed { batch: own } | Call::Sent { batch: own } => *own == batch,
        Call::NotSent
        | Call::KeyUnknown
        | Call::KeyLocked
        | Call::RowsWritten { .. }
        | Call::Done(_) => false,
    })
}

/// Whether an open transaction of ingest locks a row. Existing rows are locked before they are
/// compared, whether they change or not.
pub(crate) fn locks(protocol: &Protocol, state: &State, id: u8) -> bool {
    protocol.scenario.requests.iter().zip(&state.calls).any(|(request, call)| match call {
        Call::RowsWritten { existing } => {
            ids(request).any(|(bit, own)| own == id && existing & bit != 0)
        }
        Call::NotSent
        | Call::KeyUnknown
        | Call::KeyLocked
        | Call::Committed { .. }
        | Call::Sent { .. }
        | Call::Done(_) => false,
    })
}

/// Reads the key. An existing key determines the response.
pub(crate) fn look_up_key(protocol: &Protocol, state: &mut State, call: u8) {
    let request = protocol.request(call);
    let Some(key) = request.key else {
        state.calls[usize::from(call)] = Call::KeyLocked;
        return;
    };
    let used = state.keys.iter().find(|(used, _)| *used == key);
    state.calls[usize::from(call)] = match used {
        None => Call::KeyUnknown,
        Some((_, batch)) => {
            let first = protocol.request(state.batches[usize::from(*batch)].request);
            let is_same =
                first.body == request.body || !protocol.has(Guard::IdempotencyContentHash);
            let replayed = Response::Replayed { batch: *batch };
            Call::Done(if is_same { replayed } else { Response::Rejected })
        }
    };
}

/// Locks the key, or rejects the request if another holds the lock. Does not see a key that was
/// committed after the look-up.
pub(crate) fn lock_key(protocol: &Protocol, state: &mut State, call: u8) {
    let key = protocol.request(call).key;
    let is_locked = protocol.scenario.requests.iter().zip(&state.calls).any(|(other, progress)| {
        other.key == key && matches!(progress, Call::KeyLocked | Call::RowsWritten { .. })
    });
    state.calls[usize::from(call)] = if is_locked && protocol.has(Guard::KeyLock) {
        Call::Done(Response::Rejected)
    } else {
        Call::KeyLocked
    };
}

/// Locks the rows that exist.
pub(crate) fn write_rows(protocol: &Protocol, state: &mut State, call: u8) {
    let existing = ids(protocol.request(call))
        .filter(|(_, id)| state.rows.iter().any(|row| row.id == *id))
        .fold(0, |existing, (bit, _)| existing | bit);
    state.calls[usize::from(call)] = Call::RowsWritten { existing };
}

/// Writes batch, key and outbox entry, and commits them with the rows.
pub(crate) fn commit(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::RowsWritten { existing } = state.calls[usize::from(call)] else { return };
    let request = protocol.request(call);
    let is_key_used = |key: u8| state.keys.iter().any(|(used, _)| *used == key);
    let is_rejected =
        request.key.is_some_and(is_key_used) && protocol.has(Guard::UniqueIdempotencyKey);
    if is_rejected {
        state.calls[usize::from(call)] = Call::Done(Response::Rejected);
        if protocol.has(Guard::OneCommit) {
            return;
        }
    }
    let batch = to_id(state.batches.len());
    let mut changed = 0;
    for ((bit, id), (_, content)) in ids(request).zip(request.body) {
        let new = Row { id, batch, content: *content, attempts: 0, status: Status::Pending };
        match state.rows.iter().position(|row| row.id == id).filter(|_| existing & bit != 0) {
            None => {
                transactions::insert(protocol, state, new);
                changed += 1;
            }
            Some(index) if state.rows[index].content == *content => {}
            Some(index) => {
                revise(protocol, state, index, new);
                changed += 1;
            }
        }
    }
    let has_entry = changed > 0 && protocol.has(Guard::OutboxEntry);
    state.batches.push(Batch {
        request: call,
        is_finished: changed == 0,
        outbox: if has_entry { Outbox::Pending } else { Outbox::None },
        was_sent: changed == 0,
    });
    if is_rejected {
        return;
    }
    if let Some(key) = request.key {
        state.keys.push((key, batch));
    }
    state.calls[usize::from(call)] = if changed == 0 {
        Call::Done(Response::Accepted { batch })
    } else {
        Call::Committed { batch }
    };
}

/// Sends the message.
pub(crate) fn send(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    state.calls[usize::from(call)] = Call::Sent { batch };
    if protocol.has(Guard::SendBeforeMarkSent) {
        queue::send(state, batch);
    } else {
        state.batches[usize::from(batch)].outbox = Outbox::None;
    }
}

/// Deletes the outbox entry and responds.
pub(crate) fn mark_sent(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Sent { batch } = state.calls[usize::from(call)] else { return };
    let outbox = &mut state.batches[usize::from(batch)].outbox;
    if !protocol.has(Guard::SendBeforeMarkSent) {
        queue::send(state, batch);
    } else if *outbox != Outbox::PendingByRetry || !protocol.has(Guard::DeleteOwnEntry) {
        *outbox = Outbox::None;
    }
    state.calls[usize::from(call)] = Call::Done(Response::Accepted { batch });
}

/// Responds after a failed send: the batch is accepted, since relay sends its outbox entry.
pub(crate) fn respond_unsent(state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    state.calls[usize::from(call)] = Call::Done(Response::Accepted { batch });
}

/// Uncommitted writes are rolled back and their locks released.
pub(crate) fn crash(state: &mut State, call: u8) {
    state.calls[usize::from(call)] = Call::Done(Response::Lost);
}

/// `revise_changed.sql`.
fn revise(protocol: &Protocol, state: &mut State, index: usize, new: Row) {
    let old = &state.rows[index];
    let is_held = matches!(old.status, Status::Processing { .. });
    let revised = if is_held && !protocol.has(Guard::RevisionEndsLease) {
        Row { attempts: old.attempts, status: old.status.clone(), ..new }
    } else {
        new
    };
    transactions::replace(protocol, state, index, revised);
}

/// Whether another open transaction locks or inserts a row of the request.
fn is_blocked(protocol: &Protocol, state: &State, call: u8) -> bool {
    ids(protocol.request(call)).any(|(_, id)| {
        locks(protocol, state, id)
            || protocol.has(Guard::UniqueTransactionKey)
                && protocol.scenario.requests.iter().zip(&state.calls).any(|(other, progress)| {
                    matches!(progress, Call::RowsWritten { .. })
                        && ids(other).any(|(_, own)| own == id)
                })
    })
}

fn is_locked_by_relay(state: &State, batch: u8) -> bool {
    state.batches[usize::from(batch)].outbox == Outbox::SentByRelay
}

/// The ids of a body, each with the bit of its position.
fn ids(request: &Request) -> impl Iterator<Item = (u8, u8)> {
    request.body.iter().enumerate().map(|(index, (id, _))| (1 << index, *id))
}
