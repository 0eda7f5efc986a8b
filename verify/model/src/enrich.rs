//! Enrich: `functions/enrich/src/{event,worker}.rs` with `shared/store/src/enrichment/*.sql`.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::ingest::{self, count};
use crate::protocol::Protocol;
use crate::queue;
use crate::state::{Held, Outcome, Place, Row, State, Status, Token, Worker, number};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    // Idle workers are alike, so that the first stands for all.
    if let Some(idle) = state.workers.iter().position(|worker| *worker == Worker::Idle) {
        let seen = queue::distinct(state).filter(|(_, message)| message.place == Place::Visible);
        steps.extend(seen.map(|(message, _)| Action::Receive(number(idle), message)));
    }
    for (place, worker) in state.workers.iter().enumerate() {
        let place = number(place);
        match worker {
            Worker::Idle => {}
            Worker::Received { .. } => steps.push(Action::Claim(place)),
            Worker::Claimed { held, .. } if has_to_wait(protocol, state, held) => {}
            Worker::Claimed { .. } => steps.push(Action::Finish(place)),
            Worker::FoundNothing { .. } => steps.push(Action::LookForEnd(place)),
            Worker::MarksEnd { .. } => steps.push(Action::MarkEnd(place)),
            Worker::LookedForEnd => steps.push(Action::Acknowledge(place)),
        }
    }
    let left_behind = Status::Processing { token: Token::Nobody, is_live: true };
    let rows = state.rows.iter().enumerate().filter(|(_, row)| row.status == left_behind);
    steps.extend(rows.map(|(row, _)| Action::LeaseRunsOut(number(row))));
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (place, worker) in state.workers.iter().enumerate() {
        let place = number(place);
        match worker {
            Worker::Idle => continue,
            Worker::Received { .. } => {
                faults.extend([Fault::StatementFails(place), Fault::OutOfTime(place)]);
                faults.push(Fault::Stopped(place));
            }
            Worker::Claimed { .. } => {
                faults.extend([Fault::StatementFails(place), Fault::CategoriserAway(place)]);
                faults.push(Fault::Stopped(place));
            }
            Worker::FoundNothing { .. } => faults.push(Fault::StatementFails(place)),
            Worker::MarksEnd { .. } | Worker::LookedForEnd => {}
        }
        faults.push(Fault::WorkerDies(place));
    }
    for (place, row) in state.rows.iter().enumerate() {
        if matches!(row.status, Status::Processing { token: Token::Worker(_), is_live: true }) {
            faults.push(Fault::LeaseRunsOutEarly(number(place)));
        }
    }
}

/// The event source hands a message to a worker.
pub(crate) fn receive(protocol: &Protocol, state: &mut State, worker: u8, message: u8) {
    let place = usize::from(message);
    state.messages[place].receives += 1;
    state.messages[place].place = Place::Held(worker);
    let batch = state.messages[place].batch;
    state.workers[usize::from(worker)] = Worker::Received { batch };
    if !protocol.has(Guard::AckLast) {
        state.messages.remove(place);
    }
}

/// `claim.sql` and its commit. Rows that ingest holds are passed over.
pub(crate) fn claim(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Received { batch } = state.workers[usize::from(worker)] else { return };
    let claimable = |row: &Row| match row.status {
        Status::Pending => true,
        Status::Processing { is_live, .. } => !is_live && protocol.has(Guard::LeaseExpiry),
        Status::Done { .. } => false,
    };
    let places: Vec<usize> = (0..state.rows.len())
        .filter(|place| state.rows[*place].batch == batch && claimable(&state.rows[*place]))
        .filter(|place| !ingest::holds(protocol, state, state.rows[*place].id))
        .take(protocol.scenario.claim_max)
        .collect();
    let mut held = Vec::new();
    for place in places {
        let attempts = (state.rows[place].attempts + 1).min(protocol.scenario.attempts_max + 1);
        state.rows[place].attempts = attempts;
        set_status(
            protocol,
            state,
            place,
            Status::Processing { token: Token::Worker(worker), is_live: true },
        );
        held.push(Held { row: number(place), content: state.rows[place].content, attempts });
    }
    state.workers[usize::from(worker)] = if held.is_empty() {
        Worker::FoundNothing { batch }
    } else {
        Worker::Claimed { batch, held }
    };
}

/// `Worker::decide` and `finish.sql`; then the next claim.
pub(crate) fn finish(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Claimed { batch, held } = state.workers[usize::from(worker)].clone() else {
        return;
    };
    for row in held {
        let outcome = if row.attempts > protocol.scenario.attempts_max {
            Outcome::Failed
        } else {
            Outcome::Completed { category: row.content }
        };
        write(protocol, state, worker, usize::from(row.row), outcome);
    }
    state.workers[usize::from(worker)] = Worker::Received { batch };
}

/// `finish.sql` for rows that were tried often enough and `release.sql` for the rest, in one commit;
/// the message is handed back.
pub(crate) fn release(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::Claimed { held, .. } = state.workers[usize::from(worker)].clone() else { return };
    for row in held {
        let place = usize::from(row.row);
        if row.attempts >= protocol.scenario.attempts_max {
            write(protocol, state, worker, place, Outcome::Failed);
        } else if is_held_by(&state.rows[place], worker) {
            set_status(protocol, state, place, Status::Pending);
        }
    }
    retry_later(protocol, state, worker);
}

/// `Ending::Stopped`: `release.sql`, and the message is handed back.
pub(crate) fn stop(protocol: &Protocol, state: &mut State, worker: u8) {
    for place in 0..state.rows.len() {
        if is_held_by(&state.rows[place], worker) {
            set_status(protocol, state, place, Status::Pending);
        }
    }
    retry_later(protocol, state, worker);
}

/// `batches::finish_if_done`.
pub(crate) fn look_for_end(protocol: &Protocol, state: &mut State, worker: u8) {
    let Worker::FoundNothing { batch } = state.workers[usize::from(worker)] else { return };
    let is_end = state.is_settled(batch) && !state.batches[usize::from(batch)].is_finished;
    state.workers[usize::from(worker)] = Worker::MarksEnd { batch, is_end };
    if protocol.has(Guard::EndUnderLock) {
        mark_end(state, worker);
    }
}

/// Its update. If the batch's row changed meanwhile, PostgreSQL looks at that row again, but at its
/// transactions as they were (tried on PostgreSQL 15).
pub(crate) fn mark_end(state: &mut State, worker: u8) {
    let Worker::MarksEnd { batch, is_end } = state.workers[usize::from(worker)] else { return };
    state.batches[usize::from(batch)].is_finished |= is_end;
    state.workers[usize::from(worker)] = Worker::LookedForEnd;
}

/// The message is no batch item failure: the event source deletes it.
pub(crate) fn acknowledge(state: &mut State, worker: u8) {
    if let Some(message) = queue::held_by(state, worker) {
        state.messages.remove(message);
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

/// `Enrich::continue_later`.
pub(crate) fn continue_later(state: &mut State, worker: u8) {
    let Worker::Received { batch } = state.workers[usize::from(worker)] else { return };
    queue::send(state, batch);
    acknowledge(state, worker);
}

/// A claim or a finish is rolled back; what was claimed before stays claimed, by a token that nobody
/// has any more.
pub(crate) fn statement_fails(protocol: &Protocol, state: &mut State, worker: u8) {
    leave_leases(state, worker);
    retry_later(protocol, state, worker);
}

/// The message stays hidden and the rows stay claimed, both for their time.
pub(crate) fn die(state: &mut State, worker: u8) {
    leave_leases(state, worker);
    if let Some(message) = queue::held_by(state, worker) {
        state.messages[message].place = Place::Orphaned;
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

pub(crate) fn lease_runs_out(state: &mut State, row: u8) {
    if let Status::Processing { is_live, .. } = &mut state.rows[usize::from(row)].status {
        *is_live = false;
    }
}

/// `Enrich::retry_later`, with a wait that may be shorter than a lease.
fn retry_later(protocol: &Protocol, state: &mut State, worker: u8) {
    if let Some(message) = queue::held_by(state, worker) {
        queue::time_out(protocol, state, number(message));
    }
    state.workers[usize::from(worker)] = Worker::Idle;
}

fn leave_leases(state: &mut State, worker: u8) {
    for row in &mut state.rows {
        if let Status::Processing { token, .. } = &mut row.status
            && *token == Token::Worker(worker)
        {
            *token = Token::Nobody;
        }
    }
}

/// Writes a result, if the row is still held under the worker's token.
fn write(protocol: &Protocol, state: &mut State, worker: u8, place: usize, outcome: Outcome) {
    let row = &state.rows[place];
    let by_holder = is_held_by(row, worker);
    let is_processing = matches!(row.status, Status::Processing { .. });
    if by_holder || is_processing && !protocol.has(Guard::LeaseToken) {
        set_status(protocol, state, place, Status::Done { outcome, by_holder });
    }
}

fn is_held_by(row: &Row, worker: u8) -> bool {
    matches!(row.status, Status::Processing { token: Token::Worker(own), .. } if own == worker)
}

/// Moves a row in the report from its status to the next.
fn set_status(protocol: &Protocol, state: &mut State, place: usize, status: Status) {
    let before = state.rows[place].clone();
    state.rows[place].status = status;
    let after = state.rows[place].clone();
    count(protocol, state, &before, -1);
    count(protocol, state, &after, 1);
}

/// Whether ingest holds a row that a worker is about to write.
fn has_to_wait(protocol: &Protocol, state: &State, held: &[Held]) -> bool {
    held.iter().any(|row| ingest::holds(protocol, state, state.rows[usize::from(row.row)].id))
}
