//! SQS: at-least-once delivery in any order, visibility timeouts, and a dead-letter queue.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::slice::Slice;
use crate::state::{Message, State, Visibility, to_id};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (index, message) in distinct(state) {
        let is_orphaned = message.visibility == Visibility::Orphaned;
        let has_expired =
            !protocol.has(Guard::LeaseShorterThanVisibility) || !has_orphaned_lease(state, message);
        if is_orphaned && has_expired {
            steps.push(Action::VisibilityTimeout(index));
        }
    }
}

pub(crate) fn faults(state: &State, faults: &mut Vec<Fault>) {
    for (index, message) in distinct(state) {
        faults.push(Fault::DuplicateDelivery(index));
        if matches!(message.visibility, Visibility::InFlight(_)) {
            faults.push(Fault::VisibilityTimeoutEarly(index));
        }
    }
}

/// The distinct messages with their indexes.
pub(crate) fn distinct(state: &State) -> impl Iterator<Item = (u8, &Message)> {
    let is_first = |index: usize| index == 0 || state.messages[index - 1] != state.messages[index];
    state
        .messages
        .iter()
        .enumerate()
        .filter(move |(index, _)| is_first(*index))
        .map(|(index, message)| (to_id(index), message))
}

/// Whether a batch has a message, visible or in flight.
pub(crate) fn has_message(state: &State, batch: u8) -> bool {
    state.messages.iter().any(|message| message.batch == batch)
}

/// Sends one message. Several equal messages of a batch have the same effect as a duplicate
/// delivery.
pub(crate) fn send(state: &mut State, batch: u8) {
    state.messages.push(Message { batch, receives: 0, visibility: Visibility::Visible });
    state.batches[usize::from(batch)].was_sent = true;
}

/// Makes a message in flight visible, or moves it to the dead-letter queue.
pub(crate) fn make_visible(protocol: &Protocol, state: &mut State, message: u8) {
    let index = usize::from(message);
    if state.messages[index].receives < protocol.scenario.receives_max {
        state.messages[index].visibility = Visibility::Visible;
    } else {
        state.messages.remove(index);
        state.has_dead_letter = true;
    }
}

/// Adds a copy that can be delivered at any later time.
pub(crate) fn duplicate(state: &mut State, message: u8) {
    let original = state.messages[usize::from(message)].clone();
    state.messages.push(Message { visibility: Visibility::Visible, ..original });
}

/// The index of a worker's message. `None` if it became visible again, which invalidates the
/// receipt.
pub(crate) fn held_by(state: &State, worker: u8) -> Option<usize> {
    state.messages.iter().position(|message| message.visibility == Visibility::InFlight(worker))
}

/// Whether a crashed worker left a live lease on the batch's slices.
fn has_orphaned_lease(state: &State, message: &Message) -> bool {
    state.slices_of(message.batch).any(Slice::is_orphaned)
}
