//! Ingest: `functions/ingest/src/{submission,outbox,handler}.rs`, step by step.
//!
//! What a transaction writes is seen at its commit; what it locks is locked from its write on.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::queue;
use crate::scenario::Post;
use crate::state::{Answer, Batch, Call, Outbox, Row, State, Status, number};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (place, call) in state.calls.iter().enumerate() {
        let place = number(place);
        match call {
            Call::Waiting => steps.push(Action::Begin(place)),
            Call::Looked => steps.push(Action::LockKey(place)),
            Call::Keyed if has_to_wait(protocol, state, place) => {}
            Call::Keyed => steps.push(Action::Write(place)),
            Call::Written { .. } => steps.push(Action::Commit(place)),
            Call::Committed { .. } => steps.push(Action::Send(place)),
            // Relay holds the outbox row: the delete waits.
            Call::Sent { batch } if is_with_relay(state, *batch) => {}
            Call::Sent { .. } => steps.push(Action::MarkSent(place)),
            Call::Done(_) => {}
        }
    }
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (place, call) in state.calls.iter().enumerate() {
        let place = number(place);
        if !matches!(call, Call::Waiting | Call::Done(_)) {
            faults.push(Fault::IngestDies(place));
        }
        if matches!(call, Call::Committed { .. }) {
            faults.push(Fault::SendRefused(place));
        }
    }
}

/// Whether ingest is about to send, or to strike out, what a batch owes.
pub(crate) fn is_on(state: &State, batch: u8) -> bool {
    state.calls.iter().any(|call| match call {
        Call::Committed { batch: own } | Call::Sent { batch: own } => *own == batch,
        Call::Waiting | Call::Looked | Call::Keyed | Call::Written { .. } | Call::Done(_) => false,
    })
}

/// Whether an open transaction of ingest holds a row: known ones are locked before they are compared,
/// whether they change or not.
pub(crate) fn holds(protocol: &Protocol, state: &State, id: u8) -> bool {
    protocol.scenario.posts.iter().zip(&state.calls).any(|(post, call)| match call {
        Call::Written { known } => ids(post).any(|(bit, own)| own == id && known & bit != 0),
        Call::Waiting
        | Call::Looked
        | Call::Keyed
        | Call::Committed { .. }
        | Call::Sent { .. }
        | Call::Done(_) => false,
    })
}

/// `idempotency::acquire` reads: a key that is found decides at once.
pub(crate) fn begin(protocol: &Protocol, state: &mut State, call: u8) {
    let post = protocol.post(call);
    let Some(key) = post.key else {
        state.calls[usize::from(call)] = Call::Keyed;
        return;
    };
    let used = state.keys.iter().find(|(used, _)| *used == key);
    state.calls[usize::from(call)] = match used {
        None => Call::Looked,
        Some((_, batch)) => {
            let first = protocol.post(state.batches[usize::from(*batch)].post);
            let is_same = first.body == post.body || !protocol.has(Guard::IdempotencyBodyHash);
            let replayed = Answer::Replayed { batch: *batch };
            Call::Done(if is_same { replayed } else { Answer::Refused })
        }
    };
}

/// `idempotency::acquire` locks, if nobody has the lock. A key that was committed since it read is not
/// seen.
pub(crate) fn lock_key(protocol: &Protocol, state: &mut State, call: u8) {
    let key = protocol.post(call).key;
    let is_locked = protocol.scenario.posts.iter().zip(&state.calls).any(|(other, phase)| {
        other.key == key && matches!(phase, Call::Keyed | Call::Written { .. })
    });
    state.calls[usize::from(call)] = if is_locked && protocol.has(Guard::KeyLock) {
        Call::Done(Answer::Refused)
    } else {
        Call::Keyed
    };
}

/// `transactions::write`: finds out which rows are known, and locks them.
pub(crate) fn write(protocol: &Protocol, state: &mut State, call: u8) {
    let post = protocol.post(call);
    let known = ids(post)
        .filter(|(_, id)| state.rows.iter().any(|row| row.id == *id))
        .fold(0, |known, (bit, _)| known | bit);
    state.calls[usize::from(call)] = Call::Written { known };
}

/// `batches::insert`, `idempotency::insert`, `outbox::insert` and the commit.
pub(crate) fn commit(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Written { known } = state.calls[usize::from(call)] else { return };
    let post = protocol.post(call);
    let is_taken = post.key.is_some_and(|key| state.keys.iter().any(|(used, _)| *used == key))
        && protocol.has(Guard::UniqueIdempotencyKey);
    if is_taken {
        state.calls[usize::from(call)] = Call::Done(Answer::Refused);
        if protocol.has(Guard::OneCommit) {
            return;
        }
    }
    let batch = number(state.batches.len());
    let mut changed = 0;
    for ((bit, id), (_, content)) in ids(post).zip(post.body) {
        let new = Row { id, batch, content: *content, attempts: 0, status: Status::Pending };
        match state.rows.iter().position(|row| row.id == id).filter(|_| known & bit != 0) {
            None => {
                count(protocol, state, &new, 1);
                state.rows.push(new);
                changed += 1;
            }
            Some(place) if state.rows[place].content == *content => {}
            Some(place) => {
                revise(protocol, state, place, new);
                changed += 1;
            }
        }
    }
    let has_entry = changed > 0 && protocol.has(Guard::OutboxRow);
    state.batches.push(Batch {
        post: call,
        is_finished: changed == 0,
        outbox: if has_entry { Outbox::OutboxEntry } else { Outbox::None },
        was_sent: changed == 0,
    });
    if is_taken {
        return;
    }
    if let Some(key) = post.key {
        state.keys.push((key, batch));
    }
    state.calls[usize::from(call)] = if changed == 0 {
        Call::Done(Answer::Accepted { batch })
    } else {
        Call::Committed { batch }
    };
}

/// `Queue::send`.
pub(crate) fn send(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    state.calls[usize::from(call)] = Call::Sent { batch };
    if protocol.has(Guard::SendBeforeStrikeOut) {
        queue::send(state, batch);
    } else {
        state.batches[usize::from(batch)].outbox = Outbox::None;
    }
}

/// `Ingest::mark_sent`, after which nothing is left but the answer.
pub(crate) fn mark_sent(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Sent { batch } = state.calls[usize::from(call)] else { return };
    let outbox = &mut state.batches[usize::from(batch)].outbox;
    if !protocol.has(Guard::SendBeforeStrikeOut) {
        queue::send(state, batch);
    } else if *outbox != Outbox::PendingByRetry || !protocol.has(Guard::DeleteOwnEntry) {
        *outbox = Outbox::None;
    }
    state.calls[usize::from(call)] = Call::Done(Answer::Accepted { batch });
}

/// The answer after a send that failed: the batch is taken all the same.
pub(crate) fn answer(state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    state.calls[usize::from(call)] = Call::Done(Answer::Accepted { batch });
}

/// What was not committed is rolled back, and its locks are gone.
pub(crate) fn die(state: &mut State, call: u8) {
    state.calls[usize::from(call)] = Call::Done(Answer::None);
}

/// `revise_changed.sql`, with its deltas.
fn revise(protocol: &Protocol, state: &mut State, place: usize, new: Row) {
    let old = state.rows[place].clone();
    let is_held = matches!(old.status, Status::Processing { .. });
    let revised = if is_held && !protocol.has(Guard::RevisionEndsLease) {
        Row { attempts: old.attempts, status: old.status.clone(), ..new }
    } else {
        new
    };
    count(protocol, state, &old, -1);
    count(protocol, state, &revised, 1);
    state.rows[place] = revised;
}

/// Appends a delta in the commit of the rows, or leaves it to a later one.
pub(crate) fn count(protocol: &Protocol, state: &mut State, row: &Row, sign: i8) {
    let in_same_commit = protocol.has(Guard::DeltasInSameCommit);
    let sums = if in_same_commit { &mut state.sums } else { &mut state.late };
    sums.add(row, sign);
}

/// Whether another open transaction holds a row, or is inserting one, that a post brings.
fn has_to_wait(protocol: &Protocol, state: &State, call: u8) -> bool {
    ids(protocol.post(call)).any(|(_, id)| {
        holds(protocol, state, id)
            || protocol.has(Guard::UniqueTransactionKey)
                && protocol.scenario.posts.iter().zip(&state.calls).any(|(other, phase)| {
                    matches!(phase, Call::Written { .. }) && ids(other).any(|(_, own)| own == id)
                })
    })
}

fn is_with_relay(state: &State, batch: u8) -> bool {
    state.batches[usize::from(batch)].outbox == Outbox::SentByRelay
}

/// The ids of a body, each with the bit of its place.
fn ids(post: &Post) -> impl Iterator<Item = (u8, u8)> {
    post.body.iter().enumerate().map(|(place, (id, _))| (1 << place, *id))
}
