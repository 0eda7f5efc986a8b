//! Relay: `functions/relay` with `shared/store/src/announcements/*.sql`. Concurrent invocations act
//! as one, since each takes its own batches.

use crate::action::{Action, Fault};
use crate::guard::Guard;
use crate::protocol::Protocol;
use crate::state::{AnnounceAt, Call, Relay, State, to_id};
use crate::{locks, queue};

pub(crate) fn steps(protocol: &Protocol, state: &State, steps: &mut Vec<Action>) {
    for (index, batch) in state.batches.iter().enumerate() {
        let id = to_id(index);
        match batch.relay {
            Relay::Idle if is_takeable(protocol, state, id) && !is_in_progress(state, id) => {
                steps.push(Action::RelayTakes(id));
            }
            Relay::Idle => {}
            Relay::Taken => steps.push(Action::RelaySends(id)),
            Relay::Sent if locks::is_batch_locked(state, id) => {}
            Relay::Sent => steps.push(Action::RelayPostpones(id)),
        }
    }
}

pub(crate) fn faults(protocol: &Protocol, state: &State, faults: &mut Vec<Fault>) {
    for (index, batch) in state.batches.iter().enumerate() {
        let id = to_id(index);
        match batch.relay {
            Relay::Idle if is_takeable(protocol, state, id) && is_in_progress(state, id) => {
                faults.push(Fault::RelayTakesEarly(id));
            }
            Relay::Idle => {}
            Relay::Taken | Relay::Sent => faults.push(Fault::RelayCrashes(id)),
        }
    }
}

/// Moves `announce_at` by a minute and commits.
pub(crate) fn take(protocol: &Protocol, state: &mut State, batch: u8) {
    let batch = &mut state.batches[usize::from(batch)];
    batch.relay = Relay::Taken;
    batch.announce_at = value_of_take(protocol);
}

pub(crate) fn send(state: &mut State, batch: u8) {
    queue::send(state, batch);
    state.batches[usize::from(batch)].relay = Relay::Sent;
}

/// Moves `announce_at` by 15 minutes or more.
pub(crate) fn postpone(protocol: &Protocol, state: &mut State, batch: u8) {
    let batch = &mut state.batches[usize::from(batch)];
    batch.relay = Relay::Idle;
    let is_own = batch.announce_at == value_of_take(protocol);
    if !batch.is_finished && (is_own || !protocol.has(Guard::RelayComparesAnnounceAt)) {
        batch.announce_at = AnnounceAt::Later;
    }
}

/// The minute comes due.
pub(crate) fn crash(state: &mut State, batch: u8) {
    state.batches[usize::from(batch)].relay = Relay::Idle;
}

fn value_of_take(protocol: &Protocol) -> AnnounceAt {
    let is_kept = protocol.has(Guard::RelayKeepsAnnounceAt);
    if is_kept { AnnounceAt::AfterTake } else { AnnounceAt::Never }
}

/// Whether relay takes the batch as soon as `announce_at` has passed. Skips locked batches.
fn is_takeable(protocol: &Protocol, state: &State, batch: u8) -> bool {
    protocol.has(Guard::RelayAnnounces)
        && state.batches[usize::from(batch)].announce_at != AnnounceAt::Never
        && !locks::is_batch_locked(state, batch)
}

/// Whether the batch progresses without relay. Only a delay lets `announce_at` pass before.
fn is_in_progress(state: &State, batch: u8) -> bool {
    let is_sending = |call: &Call| *call == Call::Committed { batch };
    queue::has_message(state, batch)
        || state.calls.iter().any(is_sending)
        || state.slices_of(batch).any(|slice| slice.is_leased())
        || state.workers.iter().any(|worker| worker.batch() == Some(batch))
}
