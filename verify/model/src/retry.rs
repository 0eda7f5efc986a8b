//! Retries of failed rows: `functions/ingest/src/retry.rs` with `retry_failed.sql`.

use crate::action::Action;
use crate::guard::Guard;
use crate::locks::{self, Owner};
use crate::protocol::Protocol;
use crate::row::{Row, Status};
use crate::slice::Slice;
use crate::state::{AnnounceAt, Call, Response, State, to_id};
use crate::transactions;

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    // Retries are interchangeable, so only the first that is not sent begins.
    let unsent = state
        .calls
        .iter()
        .zip(0..)
        .find_map(|(call, id)| (*call == Call::NotSent && protocol.is_retry(id)).then_some(id));
    if let Some(call) = unsent {
        let batches = (0..to_id(state.batches.len())).filter(|batch| {
            !failed(protocol, state, *batch).is_empty() && !locks::is_batch_locked(state, *batch)
        });
        steps.extend(batches.map(|batch| Action::LockBatch(call, batch)));
    }
    for (call, id) in state.calls.iter().zip(0..) {
        match call {
            Call::BatchLocked { batch } if !is_blocked_by_slice(protocol, state, *batch) => {
                steps.push(Action::LockSlices(id));
            }
            Call::SlicesLocked { batch, .. } if !is_blocked_by_row(protocol, state, *batch) => {
                steps.push(Action::CommitRetry(id));
            }
            Call::BatchLocked { .. }
            | Call::SlicesLocked { .. }
            | Call::NotSent
            | Call::StartsOver
            | Call::Open(_)
            | Call::Committed { .. }
            | Call::Done(_) => {}
        }
    }
}

pub(crate) fn lock_batch(state: &mut State, call: u8, batch: u8) {
    state.calls[usize::from(call)] = Call::BatchLocked { batch };
}

/// Locks the slices. Without the guard, only reads them: the snapshot may be older than the commit.
pub(crate) fn lock_slices(state: &mut State, call: u8) {
    let Call::BatchLocked { batch } = state.calls[usize::from(call)] else { return };
    let covered = state.slices_of(batch).flat_map(|slice| slice.first..slice.end).collect();
    state.calls[usize::from(call)] = Call::SlicesLocked { batch, covered };
}

/// Resets the failed rows to pending, adds the missing slices and reopens the batch.
pub(crate) fn commit(protocol: &Protocol, state: &mut State, call: u8) {
    let Call::SlicesLocked { batch, covered } = state.calls[usize::from(call)] else { return };
    let failed = failed(protocol, state, batch);
    if failed.is_empty() {
        state.calls[usize::from(call)] = Call::Done(Response::Accepted { batch });
        return;
    }
    for (index, position) in &failed {
        let row = state.rows[*index].clone();
        let pending = Row { status: Status::Pending, batch, position: *position, ..row };
        transactions::replace(protocol, state, *index, pending);
    }
    let uncovered = failed.iter().map(|(_, position)| *position);
    let uncovered = uncovered.filter(|position| !covered.contains(*position));
    state.slices.extend(Slice::covering(batch, uncovered, protocol.scenario.slice_size));
    if protocol.has(Guard::RetryReopensBatch) {
        state.batches[usize::from(batch)].is_finished = false;
        state.batches[usize::from(batch)].announce_at = AnnounceAt::AfterRetry;
    }
    state.batches[usize::from(batch)].was_sent = false;
    state.calls[usize::from(call)] = Call::Committed { batch };
}

/// The failed rows that a batch contains, with their positions in it, whichever batch they failed
/// in.
fn failed(protocol: &Protocol, state: &State, batch: u8) -> Vec<(usize, u8)> {
    let body = protocol.request(state.batches[usize::from(batch)].request).body;
    let members = body.iter().zip(0..);
    let rows = members.filter_map(|(entry, position)| Some((state.row_index(entry.id)?, position)));
    rows.filter(|(index, _)| state.rows[*index].has_failed()).collect()
}

fn is_blocked_by_slice(protocol: &Protocol, state: &State, batch: u8) -> bool {
    protocol.has(Guard::RetryLocksSlices)
        && state
            .slices_of(batch)
            .any(|slice| locks::is_slice_locked_by_worker(protocol, state, slice))
}

/// Whether an open transaction of ingest or enrich has locked a failed row.
fn is_blocked_by_row(protocol: &Protocol, state: &State, batch: u8) -> bool {
    failed(protocol, state, batch)
        .iter()
        .any(|(index, _)| locks::is_row_locked(state, state.rows[*index].entry.id, Owner::Retry))
}
