//! Relay: `functions/relay/src/relay.rs`. Several at once are one, since each holds what it took.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::state::{Outbox, Row, State, Status, number};
use crate::{ingest, queue};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (place, batch) in state.batches.iter().enumerate() {
        let place = number(place);
        match batch.outbox {
            Outbox::OutboxEntry | Outbox::PendingByRetry if !ingest::is_on(state, place) => {
                steps.push(Action::RelaySend(place))
            }
            Outbox::SentByRelay => steps.push(Action::RelayMarkSent(place)),
            Outbox::None
                if is_stranded(protocol, state, place) && !is_under_way(protocol, state, place) =>
            {
                steps.push(Action::Sweep(place));
            }
            Outbox::OutboxEntry | Outbox::PendingByRetry | Outbox::None => {}
        }
    }
}

pub(crate) fn faults(protocol: &Protocol, state: &State, faults: &mut Vec<Fault>) {
    for (place, batch) in state.batches.iter().enumerate() {
        let place = number(place);
        match batch.outbox {
            Outbox::OutboxEntry | Outbox::PendingByRetry if ingest::is_on(state, place) => {
                faults.push(Fault::RelaySendsEarly(place));
            }
            Outbox::SentByRelay => faults.push(Fault::RelayDies(place)),
            Outbox::None
                if is_stranded(protocol, state, place) && is_under_way(protocol, state, place) =>
            {
                faults.push(Fault::SweepEarly(place));
            }
            Outbox::OutboxEntry | Outbox::PendingByRetry | Outbox::None => {}
        }
    }
}

/// `outbox::lock_due` and the send; the row is held until the commit.
pub(crate) fn send(state: &mut State, batch: u8) {
    queue::send(state, batch);
    state.batches[usize::from(batch)].outbox = Outbox::SentByRelay;
}

/// `outbox::delete` and the commit.
pub(crate) fn mark_sent(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::None;
}

/// The delete is rolled back.
pub(crate) fn die(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::OutboxEntry;
}

/// `outbox::requeue_stalled`, for one of its batches.
pub(crate) fn requeue_stalled(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].outbox = Outbox::OutboxEntry;
}

/// The `where` of `requeue_stalled`, but for its age.
fn is_stranded(protocol: &Protocol, state: &State, batch: u8) -> bool {
    let is_held = state.rows.iter().any(|row| {
        row.batch == batch && matches!(row.status, Status::Processing { is_live: true, .. })
    });
    let is_unfinished = !state.batches[usize::from(batch)].is_finished;
    protocol.has(Guard::StrandedSweep) && is_unfinished && !is_held
}

/// Whether the batch moves without relay: then it is not yet of the age that relay waits for, unless
/// something is very slow.
fn is_under_way(protocol: &Protocol, state: &State, batch: u8) -> bool {
    let is_locked = |row: &Row| row.batch == batch && ingest::holds(protocol, state, row.id);
    queue::has_message(state, batch)
        || ingest::is_on(state, batch)
        || state.rows.iter().any(is_locked)
}
