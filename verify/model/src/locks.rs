//! The locks of open transactions, derived from the progress of each process.

use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::slice::Slice;
use crate::state::{Call, Phase, State, Tx, Worker, to_id};

/// The owner of an open transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Call(u8),
    Worker(u8),
    /// Holds rows only within its last step.
    Retry,
}

/// Whether another open transaction of ingest has inserted an idempotency key.
pub(crate) fn is_key_held(protocol: &Protocol, state: &State, call: u8) -> bool {
    let key = protocol.request(call).key;
    key.is_some()
        && open(state).any(|(other, _)| other != call && protocol.request(other).key == key)
}

/// Whether another open transaction of ingest has locked an account of the request.
pub(crate) fn is_account_held(protocol: &Protocol, state: &State, call: u8) -> bool {
    let shares_account = |other: u8| {
        let accounts = |id| protocol.request(id).body.iter().map(|entry| entry.account);
        accounts(other).any(|account| accounts(call).any(|own| own == account))
    };
    open(state).any(|(other, tx)| {
        let has_locked = tx.in_pair_mode && tx.phase != Phase::BatchInserted;
        other != call && has_locked && shares_account(other)
    })
}

/// Whether another open transaction of ingest has inserted a row.
pub(crate) fn is_inserted(state: &State, id: u8, call: u8) -> bool {
    open(state).any(|(other, tx)| other != call && tx.inserted.contains(id))
}

/// Whether another open transaction has locked a committed row.
pub(crate) fn is_row_locked(state: &State, id: u8, by_other_than: Owner) -> bool {
    let by_ingest =
        open(state).any(|(call, tx)| by_other_than != Owner::Call(call) && tx.locked.contains(id));
    let by_enrich = state.workers.iter().zip(0..).any(|(worker, index)| {
        by_other_than != Owner::Worker(index)
            && matches!(worker, Worker::Writes(writing) if writing.locked.contains(id))
    });
    by_ingest || by_enrich
}

/// Whether a retry has locked a batch. No other transaction locks it for longer than a step.
pub(crate) fn is_batch_locked(state: &State, batch: u8) -> bool {
    state.calls.iter().any(|call| match call {
        Call::BatchLocked { batch: own } | Call::SlicesLocked { batch: own, .. } => *own == batch,
        Call::NotSent
        | Call::StartsOver
        | Call::Open(_)
        | Call::Committed { .. }
        | Call::Done(_) => false,
    })
}

/// Whether a worker or a retry has locked a slice.
pub(crate) fn is_slice_locked(protocol: &Protocol, state: &State, slice: &Slice) -> bool {
    is_slice_locked_by_worker(protocol, state, slice)
        || is_slice_locked_by_retry(protocol, state, slice)
}

/// Whether a worker's open transaction has locked a slice.
pub(crate) fn is_slice_locked_by_worker(protocol: &Protocol, state: &State, slice: &Slice) -> bool {
    state.workers.iter().enumerate().any(|(index, worker)| match worker {
        Worker::WaitsForBatch { batch, first } => (slice.batch, slice.first) == (*batch, *first),
        Worker::Writes(writing) => {
            slice.batch == writing.batch
                && is_written_by(protocol, slice, to_id(index), writing.first)
        }
        Worker::Idle
        | Worker::Received { .. }
        | Worker::Claimed(_)
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => false,
    })
}

/// Whether a retry's open transaction has locked a slice.
pub(crate) fn is_slice_locked_by_retry(protocol: &Protocol, state: &State, slice: &Slice) -> bool {
    protocol.has(Guard::RetryLocksSlices)
        && state
            .calls
            .iter()
            .any(|call| matches!(call, Call::SlicesLocked { batch, .. } if *batch == slice.batch))
}

/// Whether a worker that claimed the slice of its batch at `first` finishes this slice of the same
/// batch: the slices that have its token.
pub(crate) fn is_written_by(protocol: &Protocol, slice: &Slice, worker: u8, first: u8) -> bool {
    if protocol.has(Guard::SliceToken) { slice.is_held_by(worker) } else { slice.first == first }
}

/// The open transactions of ingest.
fn open(state: &State) -> impl Iterator<Item = (u8, &Tx)> {
    state.calls.iter().enumerate().filter_map(|(index, call)| match call {
        Call::Open(tx) => Some((to_id(index), tx)),
        Call::NotSent
        | Call::StartsOver
        | Call::BatchLocked { .. }
        | Call::SlicesLocked { .. }
        | Call::Committed { .. }
        | Call::Done(_) => None,
    })
}
