//! The properties: what holds in every state, and what some state must reach for the exploration to
//! be meaningful.

use std::collections::BTreeSet;

use stateright::Property;

use crate::protocol::Protocol;
use crate::row::{Outcome, Row, Status};
use crate::state::{Call, Outbox, Response, State, Worker};
use crate::sums::Sums;
use crate::transition;

/// Holds in every state. A state that violates it is a counterexample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Always {
    /// When no step is left, each batch is finished and each row is done with the content that was
    /// committed last. The design's first invariant.
    EveryBatchFinishes,
    /// The content of every request with a 202 was committed, and its rows exist.
    AcceptedIsStored,
    /// A request with a 409 or 422 has no batch.
    RejectedStoresNothing,
    /// A response names a batch with the request's own body.
    ResponseMatchesBody,
    /// An idempotency key has one batch.
    KeyHasOneBatch,
    /// A transaction id has one row.
    TransactionIsUnique,
    /// The report's sums equal the sums of the rows. The design's third invariant.
    SumsMatchRows,
    /// A row's category is that of its current content.
    CategoryMatchesContent,
    /// The worker that wrote a result held the row's lease.
    ResultIsFromLeaseHolder,
    /// A batch whose message is unsent has an outbox entry.
    UnsentHasOutboxEntry,
    /// A finished batch has only done rows.
    FinishedHasOnlyDoneRows,
}

/// Holds in at least one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sometimes {
    /// A response is replayed.
    Replayed,
    /// A request is rejected.
    Rejected,
    /// A row's content is replaced while a worker categorises the old content.
    RevisedWhileClaimed,
    /// Two workers have claimed the same row.
    RowClaimedTwice,
    /// SQS moves a message to the dead-letter queue.
    DeadLettered,
    /// A row fails.
    RowFailed,
    /// All requests have ended and no step is left.
    AllDone,
}

impl Always {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EveryBatchFinishes,
        Self::AcceptedIsStored,
        Self::RejectedStoresNothing,
        Self::ResponseMatchesBody,
        Self::KeyHasOneBatch,
        Self::TransactionIsUnique,
        Self::SumsMatchRows,
        Self::CategoryMatchesContent,
        Self::ResultIsFromLeaseHolder,
        Self::UnsentHasOutboxEntry,
        Self::FinishedHasOnlyDoneRows,
    ];

    /// Its name in the checker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EveryBatchFinishes => "every batch finishes",
            Self::AcceptedIsStored => "an accepted request is stored",
            Self::RejectedStoresNothing => "a rejected request stores nothing",
            Self::ResponseMatchesBody => "a response matches the request's body",
            Self::KeyHasOneBatch => "an idempotency key has one batch",
            Self::TransactionIsUnique => "a transaction id is unique",
            Self::SumsMatchRows => "the report's sums match the rows",
            Self::CategoryMatchesContent => "a category matches the row's content",
            Self::ResultIsFromLeaseHolder => "a result is from the lease holder",
            Self::UnsentHasOutboxEntry => "an unsent message has an outbox entry",
            Self::FinishedHasOnlyDoneRows => "a finished batch has only done rows",
        }
    }

    fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::EveryBatchFinishes => |protocol, state| {
                !transition::is_idle(protocol, state) || is_complete(protocol, state)
            },
            Self::AcceptedIsStored => accepted_is_stored,
            Self::RejectedStoresNothing => |_, state| {
                let is_rejected =
                    |call: u8| state.calls[usize::from(call)] == Call::Done(Response::Rejected);
                !state.batches.iter().any(|batch| is_rejected(batch.request))
            },
            Self::ResponseMatchesBody => |protocol, state| {
                let requests = state.calls.iter().zip(&protocol.scenario.requests);
                requests.into_iter().all(|(call, request)| {
                    call.accepted_batch().is_none_or(|batch| {
                        let creator = state.batches[usize::from(batch)].request;
                        protocol.request(creator).body == request.body
                    })
                })
            },
            Self::KeyHasOneBatch => |protocol, state| {
                let key = |request: u8| protocol.request(request).key;
                are_distinct(state.batches.iter().filter_map(|batch| key(batch.request)))
            },
            Self::TransactionIsUnique => {
                |_, state| are_distinct(state.rows.iter().map(|row| row.id))
            }
            Self::SumsMatchRows => |_, state| state.sums == Sums::of(&state.rows),
            Self::CategoryMatchesContent => |_, state| {
                state.rows.iter().all(|row| match row.status {
                    Status::Done { outcome: Outcome::Completed { category }, .. } => {
                        category == row.content
                    }
                    Status::Done { outcome: Outcome::Failed, .. }
                    | Status::Pending
                    | Status::Processing { .. } => true,
                })
            },
            Self::ResultIsFromLeaseHolder => |_, state| {
                let was_written_without_lease =
                    |status: &Status| matches!(status, Status::Done { by_holder: false, .. });
                !state.rows.iter().any(|row| was_written_without_lease(&row.status))
            },
            Self::UnsentHasOutboxEntry => |_, state| {
                state.batches.iter().all(|batch| batch.was_sent || batch.outbox != Outbox::None)
            },
            Self::FinishedHasOnlyDoneRows => |_, state| {
                let mut batches = state.batches.iter().zip(0..);
                batches.all(|(batch, id)| !batch.is_finished || state.has_only_done_rows(id))
            },
        };
        Property::always(self.name(), condition)
    }
}

impl Sometimes {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Replayed,
        Self::Rejected,
        Self::RevisedWhileClaimed,
        Self::RowClaimedTwice,
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
            Self::RevisedWhileClaimed => "a row is revised while a worker has claimed it",
            Self::RowClaimedTwice => "two workers have claimed one row",
            Self::DeadLettered => "a message is in the dead-letter queue",
            Self::RowFailed => "a row has failed",
            Self::AllDone => "all requests have ended and no step is left",
        }
    }

    fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::Replayed => |_, state| {
                let is_replayed =
                    |call: &Call| matches!(call, Call::Done(Response::Replayed { .. }));
                state.calls.iter().any(is_replayed)
            },
            Self::Rejected => |_, state| state.calls.contains(&Call::Done(Response::Rejected)),
            Self::RevisedWhileClaimed => |_, state| {
                claimed(state).any(|(row, content)| state.rows[usize::from(row)].content != content)
            },
            Self::RowClaimedTwice => |_, state| !are_distinct(claimed(state).map(|(row, _)| row)),
            Self::DeadLettered => |_, state| state.has_dead_letter,
            Self::RowFailed => |_, state| state.rows.iter().any(Row::has_failed),
            Self::AllDone => |protocol, state| {
                state.calls.iter().all(|call| matches!(call, Call::Done(_)))
                    && !state.batches.is_empty()
                    && transition::is_idle(protocol, state)
            },
        };
        Property::sometimes(self.name(), condition)
    }
}

/// All properties.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    let always = Always::ALL.iter().map(|property| property.property());
    always.chain(Sometimes::ALL.iter().map(|property| property.property())).collect()
}

/// Whether each batch is finished and each row is done with the content that was committed last.
fn is_complete(protocol: &Protocol, state: &State) -> bool {
    let is_last_content = |id: u8, content: u8| {
        let mut committed = state.batches.iter().rev().filter_map(|batch| {
            protocol.request(batch.request).body.iter().find(|(own, _)| *own == id)
        });
        committed.next().is_some_and(|(_, last)| *last == content)
    };
    state.batches.iter().all(|batch| batch.is_finished)
        && state.rows.iter().all(|row| row.is_done() && is_last_content(row.id, row.content))
}

fn accepted_is_stored(protocol: &Protocol, state: &State) -> bool {
    let is_committed = |row: &(u8, u8)| {
        state.batches.iter().any(|batch| protocol.request(batch.request).body.contains(row))
    };
    let exists = |id: u8| state.rows.iter().any(|row| row.id == id);
    state.calls.iter().zip(&protocol.scenario.requests).all(|(call, request)| {
        call.accepted_batch().is_none()
            || request.body.iter().all(|row| is_committed(row) && exists(row.0))
    })
}

/// The claimed rows, with their contents as the claims read them.
fn claimed(state: &State) -> impl Iterator<Item = (u8, u8)> {
    state.workers.iter().flat_map(|worker| match worker {
        Worker::Claimed { claimed, .. } => {
            claimed.iter().map(|row| (row.index, row.content)).collect::<Vec<_>>()
        }
        Worker::Idle
        | Worker::Received { .. }
        | Worker::NothingClaimed { .. }
        | Worker::MarksFinished { .. }
        | Worker::DeletesMessage => Vec::new(),
    })
}

fn are_distinct(mut ids: impl Iterator<Item = u8>) -> bool {
    let mut seen = BTreeSet::new();
    ids.all(|id| seen.insert(id))
}
