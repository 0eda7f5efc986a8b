//! Claims of slices: `shared/store/src/enrichment/{claim,claim_expired}.sql`.

use crate::guard::Guard;
use crate::locks;
use crate::protocol::Protocol;
use crate::slice::{Slice, Token};
use crate::state::{AnnounceAt, Claim, ClaimedRow, State, Worker};

/// Claims the first free slice, or else the first expired one. Skips locked slices.
pub(crate) fn claim(protocol: &Protocol, state: &mut State, worker: u8) {
    let batch = match state.workers[usize::from(worker)] {
        Worker::Received { batch } => batch,
        Worker::WaitsForBatch { batch, first } => {
            let locked = |slice: &Slice| (slice.batch, slice.first) == (batch, first);
            if let Some(index) = state.slices.iter().position(locked) {
                take(protocol, state, worker, index);
            }
            return;
        }
        Worker::Idle
        | Worker::Claimed(_)
        | Worker::Writes(_)
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => return,
    };
    let find = |is_claimable: fn(&Slice) -> bool| {
        state.slices.iter().position(|slice| {
            slice.batch == batch
                && is_claimable(slice)
                && !locks::is_slice_locked(protocol, state, slice)
        })
    };
    let expired = || find(|slice| slice.token.is_some() && slice.is_expired);
    let found = find(|slice| slice.token.is_none())
        .or_else(|| expired().filter(|_| protocol.has(Guard::LeaseExpiry)));
    match found {
        None => state.workers[usize::from(worker)] = Worker::NothingClaimed { batch },
        Some(index)
            if locks::is_batch_locked(state, batch)
                && !protocol.has(Guard::ClaimSkipsLockedBatch) =>
        {
            let first = state.slices[index].first;
            state.workers[usize::from(worker)] = Worker::WaitsForBatch { batch, first };
        }
        Some(index) => take(protocol, state, worker, index),
    }
}

/// Splits an expired slice, claims it or its first part, and moves `announce_at`.
fn take(protocol: &Protocol, state: &mut State, worker: u8, index: usize) {
    let slice = &state.slices[index];
    if slice.is_expired && slice.len() > 1 && protocol.has(Guard::SplitExpired) {
        split(protocol, state, index);
    }
    let slice = &mut state.slices[index];
    slice.token = Some(Token::Worker(worker));
    slice.is_expired = false;
    slice.attempts = (slice.attempts + 1).min(protocol.scenario.attempts_max + 1);
    let slice = &state.slices[index];
    let mut rows: Vec<(u8, ClaimedRow)> = Vec::new();
    for row in state.rows.iter().filter(|row| row.is_pending()) {
        if slice.covers(row.batch, row.position) {
            let (id, content) = (row.entry.id, row.entry.content);
            rows.push((row.position, ClaimedRow { id, revision: row.revision, content }));
        }
    }
    rows.sort_unstable_by_key(|(position, _)| *position);
    let claim = Claim {
        batch: slice.batch,
        first: slice.first,
        is_single: slice.len() == 1,
        attempts: slice.attempts,
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    };
    move_announce_at(protocol, state, claim.batch);
    state.workers[usize::from(worker)] = Worker::Claimed(claim);
}

/// Splits a slice into parts, or a part into single positions. They keep token and expiry, and have
/// an attempt left: others may have crashed the workers of the whole.
fn split(protocol: &Protocol, state: &mut State, index: usize) {
    let whole = state.slices.remove(index);
    let part_size = protocol.scenario.part_size;
    let size = if whole.len() > part_size { part_size } else { 1 };
    let attempts_max = protocol.scenario.attempts_max;
    let has_attempt = protocol.has(Guard::SplitLeavesAttempt);
    let attempts = if has_attempt { whole.attempts.min(attempts_max - 1) } else { whole.attempts };
    let parts = Slice::covering(whole.batch, whole.first..whole.end, size).into_iter();
    let parts =
        parts.map(|part| Slice { first: part.first, end: part.end, attempts, ..whole.clone() });
    state.slices.splice(index..index, parts);
}

/// Moves `announce_at` if it is due sooner. It is null in a finished batch.
fn move_announce_at(protocol: &Protocol, state: &mut State, batch: u8) {
    if locks::is_batch_locked(state, batch) {
        return;
    }
    let batch = &mut state.batches[usize::from(batch)];
    batch.was_sent = true;
    if !protocol.has(Guard::ClaimKeepsAnnounceAt) {
        batch.announce_at = AnnounceAt::Never;
    } else if batch.announce_at != AnnounceAt::Never {
        batch.announce_at = AnnounceAt::Later;
    }
}
