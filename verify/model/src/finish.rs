//! Results and the end of a batch: `shared/store/src/enrichment/{finish,release,close}.sql`.

use crate::guard::Guard;
use crate::locks::{self, Owner};
use crate::protocol::Protocol;
use crate::row::{Outcome, Row, Status};
use crate::slice::Slice;
use crate::state::{AnnounceAt, Claim, ClaimedRow, State, Worker, Writing};
use crate::transactions;

/// Categorises the claimed rows. If the categoriser fails, the first row stays undecided unless it
/// has no attempts left. A slice of several rows does not fail for its attempts: it is split.
pub(crate) fn decide(protocol: &Protocol, claim: Claim, categoriser_fails: bool) -> Writing {
    let Claim { batch, first, is_single, attempts, rows } = claim;
    let attempts_max = protocol.scenario.attempts_max;
    let can_fail = is_single || !protocol.has(Guard::SplitExpired);
    let decide = |(index, row): (usize, ClaimedRow)| {
        if can_fail && attempts > attempts_max {
            Some((row, Outcome::Failed))
        } else if categoriser_fails && index == 0 {
            (attempts >= attempts_max).then_some((row, Outcome::Failed))
        } else {
            Some((row, Outcome::Completed { category: row.content }))
        }
    };
    Writing {
        batch,
        first,
        results: rows.into_iter().enumerate().filter_map(decide).collect(),
        retries_later: categoriser_fails,
        ..Writing::default()
    }
}

/// Whether a claimed row crashes its worker. A row that is failed for its attempts is not
/// categorised.
pub(crate) fn is_lethal(protocol: &Protocol, claim: &Claim) -> bool {
    let is_lethal = |row: &ClaimedRow| protocol.scenario.lethal == Some(row.id);
    let results = decide(protocol, claim.clone(), false).results;
    results.iter().any(|(row, outcome)| is_lethal(row) && *outcome != Outcome::Failed)
}

/// Whether the first statement can continue: it needs its slices and then its next row.
pub(crate) fn can_write(protocol: &Protocol, state: &State, worker: u8) -> bool {
    match &state.workers[usize::from(worker)] {
        Worker::Claimed(claim) => {
            let is_locked = |slice: &Slice| locks::is_slice_locked_by_retry(protocol, state, slice);
            let mut own = state
                .slices_of(claim.batch)
                .filter(|slice| locks::is_written_by(protocol, slice, worker, claim.first));
            !own.any(is_locked)
        }
        Worker::Writes(writing) => {
            let next = next_row(protocol, state, worker, writing);
            !next.is_some_and(|id| locks::is_row_locked(state, id, Owner::Worker(worker)))
        }
        Worker::Idle
        | Worker::Received { .. }
        | Worker::WaitsForBatch { .. }
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => false,
    }
}

/// The first statement: locks the slices that have the worker's token, and then one row to write in
/// each step.
pub(crate) fn write_results(protocol: &Protocol, state: &mut State, worker: u8) {
    let mut writing = match state.workers[usize::from(worker)].clone() {
        Worker::Claimed(claim) => decide(protocol, claim, false),
        Worker::Writes(writing) => writing,
        Worker::Idle
        | Worker::Received { .. }
        | Worker::WaitsForBatch { .. }
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => return,
    };
    let is_free = |id: &u8| !locks::is_row_locked(state, *id, Owner::Worker(worker));
    if let Some(id) = next_row(protocol, state, worker, &writing).filter(is_free) {
        writing.locked.insert(id);
    }
    writing.is_written = next_row(protocol, state, worker, &writing).is_none();
    state.workers[usize::from(worker)] = Worker::Writes(writing);
}

/// The second statement and the commit: a slice with pending rows is released, another deleted.
/// Returns whether the message must be retried later.
pub(crate) fn finish(protocol: &Protocol, state: &mut State, worker: u8) -> bool {
    let Worker::Writes(writing) = state.workers[usize::from(worker)].clone() else { return false };
    for (claimed, outcome) in &writing.results {
        if let Some(index) = writable(protocol, state, worker, &writing, claimed) {
            let row = &state.rows[index];
            let covers = |slice: &Slice| slice.covers(row.batch, row.position);
            let by_holder =
                state.slices.iter().any(|slice| slice.is_held_by(worker) && covers(slice));
            let status = Status::Done { outcome: outcome.clone(), by_holder };
            transactions::set_status(protocol, state, index, status);
        }
    }
    let rows = &state.rows;
    let is_partial = |slice: &Slice| {
        let is_left = |row: &Row| row.is_pending() && slice.covers(row.batch, row.position);
        rows.iter().any(is_left) && protocol.has(Guard::ReleasePartialSlice)
    };
    state.slices.retain_mut(|slice| {
        let is_own = slice.batch == writing.batch
            && locks::is_written_by(protocol, slice, worker, writing.first);
        let is_kept = !is_own || is_partial(slice);
        if is_own && is_kept {
            slice.release();
        }
        is_kept
    });
    state.workers[usize::from(worker)] = Worker::Received { batch: writing.batch };
    writing.retries_later
}

/// Checks whether the batch has slices left, and marks the batch in the same step if locked.
pub(crate) fn settle(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::NothingClaimed { batch } = state.workers[usize::from(worker)] else { return };
    let is_finished = state.slices_of(batch).next().is_none();
    state.workers[usize::from(worker)] = Worker::MarksFinished { batch, is_finished };
    if protocol.has(Guard::SettleUnderLock) {
        mark_finished(state, worker);
    }
}

/// Marks the batch. If its row changed since the check, PostgreSQL re-reads that row but not the
/// batch's slices (tested on PostgreSQL 15).
pub(crate) fn mark_finished(state: &mut State, worker: u8) {
    let Worker::MarksFinished { batch, is_finished } = state.workers[usize::from(worker)] else {
        return;
    };
    if is_finished {
        state.batches[usize::from(batch)].is_finished = true;
        state.batches[usize::from(batch)].announce_at = AnnounceAt::Never;
    }
    state.workers[usize::from(worker)] = Worker::DeletesMessage;
}

/// The next row to lock.
fn next_row(protocol: &Protocol, state: &State, worker: u8, writing: &Writing) -> Option<u8> {
    let is_unlocked = |row: &ClaimedRow| {
        !writing.locked.contains(row.id)
            && writable(protocol, state, worker, writing, row).is_some()
    };
    let rows = writing.results.iter().map(|(row, _)| row);
    let mut ids = rows.filter(|row| is_unlocked(row)).map(|row| row.id);
    if protocol.has(Guard::FinishLocksInOrder) { ids.min() } else { ids.next() }
}

/// The index of a claimed row if it is still pending in the batch with the claimed revision, at a
/// position of a slice that has the worker's token.
fn writable(
    protocol: &Protocol,
    state: &State,
    worker: u8,
    writing: &Writing,
    claimed: &ClaimedRow,
) -> Option<usize> {
    let index = state.row_index(claimed.id)?;
    let row = &state.rows[index];
    let is_current =
        row.revision == claimed.revision || !protocol.has(Guard::FinishComparesRevision);
    let covers = |slice: &Slice| {
        slice.covers(row.batch, row.position) || !protocol.has(Guard::FinishWithinSlice)
    };
    let is_held = !protocol.has(Guard::SliceToken)
        || state.slices.iter().any(|slice| slice.is_held_by(worker) && covers(slice));
    let is_own = row.batch == writing.batch && row.is_pending();
    (is_current && is_held && is_own).then_some(index)
}
