//! SQS: at least once, in any order, hidden while received, given up after so many receives.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::state::{Message, Place, State, Status, Token, number};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (place, message) in distinct(state) {
        let is_orphaned = message.place == Place::Orphaned;
        let is_due =
            !protocol.has(Guard::LeaseShorterThanVisibility) || !has_orphaned_lease(state, message);
        if is_orphaned && is_due {
            steps.push(Action::TimeOut(place));
        }
    }
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (place, message) in distinct(state) {
        faults.push(Fault::Duplicated(place));
        if matches!(message.place, Place::Held(_)) {
            faults.push(Fault::TimeOutEarly(place));
        }
    }
}

/// Messages, equal ones once.
pub(crate) fn distinct(state: &State) -> impl Iterator<Item = (u8, &Message)> {
    let is_first = |place: usize| place == 0 || state.messages[place - 1] != state.messages[place];
    state
        .messages
        .iter()
        .enumerate()
        .filter(move |(place, _)| is_first(*place))
        .map(|(place, message)| (number(place), message))
}

/// Whether a batch has a message, seen or hidden.
pub(crate) fn has_message(state: &State, batch: u8) -> bool {
    state.messages.iter().any(|message| message.batch == batch)
}

/// `SendMessageBatch`. That a batch has several equal messages is the same as that one is duplicated.
pub(crate) fn send(state: &mut State, batch: u8) {
    state.messages.push(Message { batch, receives: 0, place: Place::Visible });
    state.batches[usize::from(batch)].was_sent = true;
}

/// A hidden message is seen again, or given up.
pub(crate) fn time_out(protocol: &Protocol, state: &mut State, message: u8) {
    let place = usize::from(message);
    if state.messages[place].receives < protocol.scenario.receives_max {
        state.messages[place].place = Place::Visible;
    } else {
        state.messages.remove(place);
        state.has_dead_letter = true;
    }
}

/// A second delivery, at any time from now on.
pub(crate) fn duplicate(state: &mut State, message: u8) {
    let copy = Message { place: Place::Visible, ..state.messages[usize::from(message)].clone() };
    state.messages.push(copy);
}

/// Where the message is that a worker has. None, if it came back meanwhile: its receipt is void.
pub(crate) fn held_by(state: &State, worker: u8) -> Option<usize> {
    state.messages.iter().position(|message| message.place == Place::Held(worker))
}

/// Whether a lease is live on the batch's rows that a dead worker took.
fn has_orphaned_lease(state: &State, message: &Message) -> bool {
    state.rows.iter().any(|row| {
        row.batch == message.batch
            && row.status == Status::Processing { token: Token::Nobody, is_live: true }
    })
}
