//! Enrich: `functions/enrich` with `shared/store/src/enrichment/*.sql`.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::row::{Outcome, Row, Status, Token};
use crate::state::{ClaimedRow, State, Visibility, Worker, to_id};
use crate::{ingest, queue, transactions};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    // Idle workers are interchangeable, so only the first receives.
    if let Some(idle) = state.workers.iter().position(|worker| *worker == Worker::Idle) {
        let visible =
            queue::distinct(state).filter(|(_, message)| message.visibility == Visibility::Visible);
        steps.extend(visible.map(|(message, _)| Action::Receive(to_id(idle), message)));
    }
    for (index, worker) in state.workers.iter().enumerate() {
        let id = to_id(index);
        match worker {
            Worker::Idle => {}
            Worker::Received { .. } => steps.push(Action::Claim(id)),
            Worker::Claimed { claimed, .. } if is_blocked(protocol, state, claimed) => {}
            Worker::Claimed { .. } => steps.push(Action::Finish(id)),
            Worker::NothingClaimed { .. } => steps.push(Action::CheckFinished(id)),
            Worker::MarksFinished { .. } => steps.push(Action::MarkFinished(id)),
            Worker::DeletesMessage => steps.push(Action::DeleteMessage(id)),
        }
    }
    let orphaned = Status::Processing { token: Token::Orphaned, is_live: true };
    let rows = state.rows.iter().enumerate().filter(|(_, row)| row.status == orphaned);
    steps.extend(rows.map(|(row, _)| Action::ExpireLease(to_id(row))));
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (index, worker) in state.workers.iter().enumerate() {
        let id = to_id(index);
        match worker {
            Worker::Idle => continue,
            Worker::Received { .. } => {
                faults.extend([Fault::StatementFails(id), Fault::Deadline(id), Fault::Shutdown(id)])
            }
            Worker::Claimed { .. } => faults.extend([
                Fault::StatementFails(id),
                Fault::CategoriserFails(id),
                Fault::Shutdown(id),
            ]),
            Worker::NothingClaimed { .. } => faults.push(Fault::StatementFails(id)),
            Worker::MarksFinished { .. } | Worker::DeletesMessage => {}
        }
        faults.push(Fault::WorkerCrashes(id));
    }
    for (index, row) in state.rows.iter().enumerate() {
        if matches!(row.status, Status::Processing { token: Token::Worker(_), is_live: true }) {
            faults.push(Fault::LeaseExpiresEarly(to_id(index)));
        }
    }
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

/// `claim.sql` and its commit. Skips rows that ingest has locked.
pub(crate) fn claim(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Received { batch } = state.workers[usize::from(worker)] else { return };
    let is_claimable = |row: &Row| match row.status {
        Status::Pending => true,
        Status::Processing { is_live, .. } => !is_live && protocol.has(Guard::LeaseExpiry),
        Status::Done { .. } => false,
    };
    let indexes: Vec<usize> = (0..state.rows.len())
        .filter(|index| state.rows[*index].batch == batch && is_claimable(&state.rows[*index]))
        .filter(|index| !ingest::locks(protocol, state, state.rows[*index].id))
        .take(protocol.scenario.claim_max)
        .collect();
    let mut claimed = Vec::new();
    for index in indexes {
        let attempts = (state.rows[index].attempts + 1).min(protocol.scenario.attempts_max + 1);
        let status = Status::Processing { token: Token::Worker(worker), is_live: true };
        let row = Row { attempts, status, ..state.rows[index].clone() };
        claimed.push(ClaimedRow { index: to_id(index), content: row.content, attempts });
        transactions::replace(protocol, state, index, row);
    }
    state.workers[usize::from(worker)] = if claimed.is_empty() {
        Worker::NothingClaimed { batch }
    } else {
        Worker::Claimed { batch, claimed }
    };
}

/// Categorises the claimed rows and runs `finish.sql`; the next claim follows.
pub(crate) fn finish(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Claimed { batch, claimed } = state.workers[usize::from(worker)].clone() else {
        return;
    };
    for row in claimed {
        let outcome = if row.attempts > protocol.scenario.attempts_max {
            Outcome::Failed
        } else {
            Outcome::Completed { category: row.content }
        };
        write_result(protocol, state, worker, usize::from(row.index), outcome);
    }
    state.workers[usize::from(worker)] = Worker::Received { batch };
}

/// `finish.sql` for rows without attempts left and `release.sql` for the others, in one commit;
/// then the message returns to the queue.
pub(crate) fn categoriser_fails(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Claimed { claimed, .. } = state.workers[usize::from(worker)].clone() else {
        return;
    };
    for row in claimed {
        let index = usize::from(row.index);
        if row.attempts >= protocol.scenario.attempts_max {
            write_result(protocol, state, worker, index, Outcome::Failed);
        } else if state.rows[index].is_held_by(worker) {
            transactions::set_status(protocol, state, index, Status::Pending);
        }
    }
    retry_later(protocol, state, worker);
}

/// `release.sql`; then the message returns to the queue.
pub(crate) fn shut_down(protocol: &Protocol, state: &mut State, worker: u8) {
    for index in 0..state.rows.len() {
        if state.rows[index].is_held_by(worker) {
            transactions::set_status(protocol, state, index, Status::Pending);
        }
    }
    retry_later(protocol, state, worker);
}

/// Checks whether all rows of the batch are done, and marks the batch in the same step if locked.
pub(crate) fn check_finished(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::NothingClaimed { batch } = state.workers[usize::from(worker)] else { return };
    let is_open = !state.batches[usize::from(batch)].is_finished;
    let is_finished = is_open && state.has_only_done_rows(batch);
    state.workers[usize::from(worker)] = Worker::MarksFinished { batch, is_finished };
    if protocol.has(Guard::FinishUnderLock) {
        mark_finished(state, worker);
    }
}

/// Marks the batch. If its row changed since the check, PostgreSQL re-reads that row but not the
/// batch's transactions (tested on PostgreSQL 15).
pub(crate) fn mark_finished(state: &mut State, worker: u8) {
    let Worker::MarksFinished { batch, is_finished } = state.workers[usize::from(worker)] else {
        return;
    };
    state.batches[usize::from(batch)].is_finished |= is_finished;
    state.workers[usize::from(worker)] = Worker::DeletesMessage;
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

/// A claim or a finish is rolled back. Leases of earlier claims remain, and no worker has their
/// token.
pub(crate) fn statement_fails(protocol: &Protocol, state: &mut State, worker: u8) {
    orphan_leases(state, worker);
    retry_later(protocol, state, worker);
}

/// The message stays in flight and the rows stay leased until each expires.
pub(crate) fn crash(state: &mut State, worker: u8) {
    orphan_leases(state, worker);
    if let Some(message) = queue::held_by(state, worker) {
        state.messages[message].visibility = Visibility::Orphaned;
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

pub(crate) fn expire_lease(state: &mut State, row: u8) {
    if let Status::Processing { is_live, .. } = &mut state.rows[usize::from(row)].status {
        *is_live = false;
    }
}

/// Returns the message to the queue, possibly before the leases expire.
fn retry_later(protocol: &Protocol, state: &mut State, worker: u8) {
    if let Some(message) = queue::held_by(state, worker) {
        queue::make_visible(protocol, state, to_id(message));
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

fn orphan_leases(state: &mut State, worker: u8) {
    for row in &mut state.rows {
        if let Status::Processing { token, .. } = &mut row.status
            && *token == Token::Worker(worker)
        {
            *token = Token::Orphaned;
        }
    }
}

/// Writes a result if the worker still holds the row's lease.
fn write_result(
    protocol: &Protocol,
    state: &mut State,
    worker: u8,
    index: usize,
    outcome: Outcome,
) {
    let row = &state.rows[index];
    let by_holder = row.is_held_by(worker);
    let is_processing = matches!(row.status, Status::Processing { .. });
    if by_holder || is_processing && !protocol.has(Guard::LeaseToken) {
        let status = Status::Done { outcome, by_holder };
        transactions::set_status(protocol, state, index, status);
    }
}

/// Whether ingest locks a row that a worker is about to write.
fn is_blocked(protocol: &Protocol, state: &State, claimed: &[ClaimedRow]) -> bool {
    claimed.iter().any(|row| ingest::locks(protocol, state, state.rows[usize::from(row.index)].id))
}
