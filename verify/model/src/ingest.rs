//! Ingest: `functions/ingest` with `shared/store/src/batches/insert.sql`, from a request to the
//! send.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::scenario::Entry;
use crate::state::{AnnounceAt, Call, Response, State, Tx, to_id};
use crate::{ingest_rows, locks, queue};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (index, call) in state.calls.iter().enumerate() {
        let id = to_id(index);
        match call {
            Call::NotSent if protocol.is_retry(id) => {}
            Call::NotSent | Call::StartsOver if waits_for_key(protocol, state, id) => {
                steps.push(Action::KeyTimeout(id));
            }
            Call::NotSent | Call::StartsOver => steps.push(Action::InsertBatch(id)),
            Call::Open(tx) => steps.extend(ingest_rows::step(protocol, state, id, tx)),
            Call::Committed { .. } => steps.push(Action::Send(id)),
            Call::BatchLocked { .. } | Call::SlicesLocked { .. } | Call::Done(_) => {}
        }
    }
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (index, call) in state.calls.iter().enumerate() {
        let id = to_id(index);
        if !matches!(call, Call::NotSent | Call::Done(_)) {
            faults.push(Fault::IngestCrashes(id));
        }
        if matches!(call, Call::Committed { batch } if !locks::is_batch_locked(state, *batch)) {
            faults.push(Fault::SendFails(id));
        }
    }
}

/// Inserts the batch's row unless a committed batch has the key. A second statement reads that
/// batch, which determines the response.
pub(crate) fn insert_batch(protocol: &Protocol, state: &mut State, call: u8) {
    let request = protocol.request(call);
    let has_key = |batch: u8| {
        let creator = state.batches[usize::from(batch)].request;
        request.key.is_some() && creator != call && protocol.request(creator).key == request.key
    };
    if let Some(batch) = (0..to_id(state.batches.len())).find(|batch| has_key(*batch)) {
        let winner = protocol.request(state.batches[usize::from(batch)].request);
        let is_same = winner.body == request.body || !protocol.has(Guard::IdempotencyContentHash);
        let response = if is_same { Response::Replayed { batch } } else { Response::Rejected };
        state.calls[usize::from(call)] = Call::Done(response);
        return;
    }
    let has_pair = request.body.iter().any(Entry::is_in_pair);
    let in_pair_mode = state.calls[usize::from(call)] == Call::StartsOver || has_pair;
    let mut tx = Tx { in_pair_mode, ..Tx::default() };
    if !protocol.has(Guard::OneCommit) {
        tx.batch = Some(ingest_rows::insert_batch(state, call));
    }
    state.calls[usize::from(call)] = Call::Open(tx);
}

/// Responds with 409.
pub(crate) fn reject(state: &mut State, call: u8) {
    state.calls[usize::from(call)] = Call::Done(Response::Rejected);
}

/// Sends the message and responds.
pub(crate) fn send(state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    queue::send(state, batch);
    state.calls[usize::from(call)] = Call::Done(Response::Accepted { batch });
}

/// Moves `announce_at` to now and responds: the batch is accepted, since relay announces it.
pub(crate) fn send_fails(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::Committed { batch } = state.calls[usize::from(call)] else { return };
    let committed = if protocol.is_retry(call) {
        AnnounceAt::AfterRetry
    } else {
        ingest_rows::value_of_commit(protocol)
    };
    let row = &mut state.batches[usize::from(batch)];
    let is_own = row.announce_at == committed;
    if (is_own || !protocol.has(Guard::FailedSendComparesAnnounceAt))
        && (!row.is_finished || !protocol.has(Guard::FailedSendSkipsFinished))
    {
        row.announce_at = AnnounceAt::Now;
    }
    state.calls[usize::from(call)] = Call::Done(Response::Accepted { batch });
}

/// Uncommitted writes are rolled back and their locks released.
pub(crate) fn crash(state: &mut State, call: u8) {
    state.calls[usize::from(call)] = Call::Done(Response::Lost);
}

fn waits_for_key(protocol: &Protocol, state: &State, call: u8) -> bool {
    protocol.has(Guard::UniqueIdempotencyKey) && locks::is_key_held(protocol, state, call)
}
