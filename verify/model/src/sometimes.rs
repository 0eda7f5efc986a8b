//! What some state must reach for the exploration to be meaningful.

use std::collections::BTreeSet;

use stateright::Property;

use crate::protocol::Protocol;
use crate::row::Row;
use crate::state::{Call, ClaimedRow, Response, State, Worker};
use crate::transition;

/// A property of at least one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sometimes {
    /// A response is replayed.
    Replayed,
    /// A request is rejected.
    Rejected,
    /// A batch starts over in pair mode.
    StartedOver,
    /// A posted transaction replaces a pending one.
    Replaced,
    /// A row's content is replaced while a worker categorises the old content.
    RevisedWhileClaimed,
    /// Two workers have claimed the same row.
    RowClaimedTwice,
    /// An expired slice is split.
    SliceSplit,
    /// SQS moves a message to the dead-letter queue.
    DeadLettered,
    /// A row fails.
    RowFailed,
    /// All requests have ended and no step is left.
    AllDone,
}

impl Sometimes {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Replayed,
        Self::Rejected,
        Self::StartedOver,
        Self::Replaced,
        Self::RevisedWhileClaimed,
        Self::RowClaimedTwice,
        Self::SliceSplit,
        Self::DeadLettered,
        Self::RowFailed,
        Self::AllDone,
    ];

    /// Its name in the checker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replayed => "a response is replayed",
            Self::Rejected => "a request is rejected",
            Self::StartedOver => "a batch starts over in pair mode",
            Self::Replaced => "a row is replaced",
            Self::RevisedWhileClaimed => "a row is revised while a worker has claimed it",
            Self::RowClaimedTwice => "two workers have claimed one row",
            Self::SliceSplit => "an expired slice is split",
            Self::DeadLettered => "a message is in the dead-letter queue",
            Self::RowFailed => "a row has failed",
            Self::AllDone => "all requests have ended and no step is left",
        }
    }

    pub(crate) fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::Replayed => |_, state| {
                let is_replayed =
                    |call: &Call| matches!(call, Call::Done(Response::Replayed { .. }));
                state.calls.iter().any(is_replayed)
            },
            Self::Rejected => |_, state| state.calls.contains(&Call::Done(Response::Rejected)),
            Self::StartedOver => |_, state| state.calls.contains(&Call::StartsOver),
            Self::Replaced => |_, state| state.rows.iter().any(|row| row.replaced_by.is_some()),
            Self::RevisedWhileClaimed => |_, state| {
                let revision = |id| state.row_index(id).map(|index| state.rows[index].revision);
                claimed(state).any(|row| revision(row.id) != Some(row.revision))
            },
            Self::RowClaimedTwice => |_, state| {
                let mut seen = BTreeSet::new();
                !claimed(state).all(|row| seen.insert(row.id))
            },
            // Ingest's slices start at multiples of their size.
            Self::SliceSplit => |protocol, state| {
                let is_part = |first: u8| !first.is_multiple_of(protocol.scenario.slice_size);
                state.slices.iter().any(|slice| slice.is_expired && is_part(slice.first))
            },
            Self::DeadLettered => |_, state| state.has_dead_letter,
            Self::RowFailed => |_, state| state.rows.iter().any(Row::has_failed),
            Self::AllDone => |protocol, state| {
                let requests = state.calls.iter().take(protocol.scenario.requests.len());
                requests.into_iter().all(|call| matches!(call, Call::Done(_)))
                    && !state.batches.is_empty()
                    && transition::is_idle(protocol, state)
            },
        };
        Property::sometimes(self.name(), condition)
    }
}

/// The claimed rows, as the claims read them.
fn claimed(state: &State) -> impl Iterator<Item = &ClaimedRow> {
    state.workers.iter().flat_map(|worker| match worker {
        Worker::Claimed(claim) => claim.rows.as_slice(),
        Worker::Idle
        | Worker::Received { .. }
        | Worker::WaitsForBatch { .. }
        | Worker::Writes(_)
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => &[],
    })
}
