//! What holds in every state. A state that violates it is a counterexample.

use std::collections::BTreeSet;

use stateright::Property;

use crate::protocol::Protocol;
use crate::row::{Outcome, Row, Status};
use crate::scenario::Entry;
use crate::state::{AnnounceAt, Batch, Call, Response, State, Worker};
use crate::sums::Sums;
use crate::{transactions, transition};

/// A property of every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Always {
    /// When no step is left, each batch is finished and each row is done with the content that was
    /// committed last. The design's first invariant.
    EveryBatchFinishes,
    /// When no step is left, no transaction is open: none waits for a lock of another.
    NoDeadlock,
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
    /// `replaced_by` of each row is the posted transaction that the rows determine.
    ReplacementsMatchRows,
    /// A row's category is that of its current content.
    CategoryMatchesContent,
    /// The worker that wrote a result held the row's slice.
    ResultIsFromLeaseHolder,
    /// A slice covers each pending row.
    PendingRowHasSlice,
    /// A batch whose message is unsent is announced within two minutes.
    UnsentIsAnnounced,
    /// `announce_at` is null if and only if the batch is finished.
    UnfinishedIsAnnounced,
    /// A finished batch has only done rows.
    FinishedHasOnlyDoneRows,
    /// If a row crashes its workers, no other row fails, and no message becomes a dead letter.
    LethalRowFailsAlone,
}

impl Always {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EveryBatchFinishes,
        Self::NoDeadlock,
        Self::AcceptedIsStored,
        Self::RejectedStoresNothing,
        Self::ResponseMatchesBody,
        Self::KeyHasOneBatch,
        Self::TransactionIsUnique,
        Self::SumsMatchRows,
        Self::ReplacementsMatchRows,
        Self::CategoryMatchesContent,
        Self::ResultIsFromLeaseHolder,
        Self::PendingRowHasSlice,
        Self::UnsentIsAnnounced,
        Self::UnfinishedIsAnnounced,
        Self::FinishedHasOnlyDoneRows,
        Self::LethalRowFailsAlone,
    ];

    /// Its name in the checker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EveryBatchFinishes => "every batch finishes",
            Self::NoDeadlock => "no transaction waits for ever",
            Self::AcceptedIsStored => "an accepted request is stored",
            Self::RejectedStoresNothing => "a rejected request stores nothing",
            Self::ResponseMatchesBody => "a response matches the request's body",
            Self::KeyHasOneBatch => "an idempotency key has one batch",
            Self::TransactionIsUnique => "a transaction id is unique",
            Self::SumsMatchRows => "the report's sums match the rows",
            Self::ReplacementsMatchRows => "replacements match the rows",
            Self::CategoryMatchesContent => "a category matches the row's content",
            Self::ResultIsFromLeaseHolder => "a result is from the lease holder",
            Self::PendingRowHasSlice => "a pending row has a slice",
            Self::UnsentIsAnnounced => "an unsent message is announced soon",
            Self::UnfinishedIsAnnounced => "exactly the unfinished batches are announced",
            Self::FinishedHasOnlyDoneRows => "a finished batch has only done rows",
            Self::LethalRowFailsAlone => "a lethal row fails alone",
        }
    }

    pub(crate) fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::EveryBatchFinishes => |protocol, state| {
                !transition::is_idle(protocol, state) || is_complete(protocol, state)
            },
            Self::NoDeadlock => |protocol, state| {
                !transition::is_idle(protocol, state) || has_only_idle_processes(state)
            },
            Self::AcceptedIsStored => accepted_is_stored,
            Self::RejectedStoresNothing => |_, state| rejected_stores_nothing(state),
            Self::ResponseMatchesBody => response_matches_body,
            Self::KeyHasOneBatch => |protocol, state| {
                let key = |request: u8| protocol.request(request).key;
                are_distinct(state.batches.iter().filter_map(|batch| key(batch.request)))
            },
            Self::TransactionIsUnique => {
                |_, state| are_distinct(state.rows.iter().map(|row| row.entry.id))
            }
            Self::SumsMatchRows => |_, state| state.sums == Sums::of(&state.rows),
            Self::ReplacementsMatchRows => |_, state| replacements_match_rows(state),
            Self::CategoryMatchesContent => |_, state| {
                state.rows.iter().all(|row| match row.status {
                    Status::Done { outcome: Outcome::Completed { category }, .. } => {
                        category == row.entry.content
                    }
                    Status::Done { outcome: Outcome::Failed, .. } | Status::Pending => true,
                })
            },
            Self::ResultIsFromLeaseHolder => |_, state| {
                let is_from_other =
                    |status: &Status| matches!(status, Status::Done { by_holder: false, .. });
                !state.rows.iter().any(|row| is_from_other(&row.status))
            },
            Self::PendingRowHasSlice => |_, state| pending_row_has_slice(state),
            Self::UnsentIsAnnounced => |_, state| {
                let is_late = |at| matches!(at, AnnounceAt::Never | AnnounceAt::Later);
                !state.batches.iter().any(|batch| !batch.was_sent && is_late(batch.announce_at))
            },
            Self::UnfinishedIsAnnounced => |_, state| {
                let is_null = |batch: &Batch| batch.announce_at == AnnounceAt::Never;
                state.batches.iter().all(|batch| batch.is_finished == is_null(batch))
            },
            Self::FinishedHasOnlyDoneRows => |_, state| {
                let is_finished = |batch: u8| state.batches[usize::from(batch)].is_finished;
                !state.rows.iter().any(|row| row.is_pending() && is_finished(row.batch))
            },
            Self::LethalRowFailsAlone => lethal_row_fails_alone,
        };
        Property::always(self.name(), condition)
    }
}

/// Whether each batch is finished and each row is done with the content that was committed last.
fn is_complete(protocol: &Protocol, state: &State) -> bool {
    let last_content = |id: u8| {
        let mut committed = state.batches.iter().rev().filter_map(|batch| {
            protocol.request(batch.request).body.iter().find(|entry| entry.id == id)
        });
        committed.next()
    };
    state.batches.iter().all(|batch| batch.is_finished)
        && state
            .rows
            .iter()
            .all(|row| !row.is_pending() && last_content(row.entry.id) == Some(&row.entry))
}

fn has_only_idle_processes(state: &State) -> bool {
    state.calls.iter().all(|call| matches!(call, Call::NotSent | Call::Done(_)))
        && state.workers.iter().all(|worker| *worker == Worker::Idle)
}

fn accepted_is_stored(protocol: &Protocol, state: &State) -> bool {
    let is_committed = |entry: &Entry| {
        state.batches.iter().any(|batch| protocol.request(batch.request).body.contains(entry))
    };
    state.calls.iter().zip(&protocol.scenario.requests).all(|(call, request)| {
        call.accepted_batch().is_none()
            || request
                .body
                .iter()
                .all(|entry| is_committed(entry) && state.row_index(entry.id).is_some())
    })
}

fn response_matches_body(protocol: &Protocol, state: &State) -> bool {
    state.calls.iter().zip(&protocol.scenario.requests).all(|(call, request)| {
        call.accepted_batch().is_none_or(|batch| {
            let creator = state.batches[usize::from(batch)].request;
            protocol.request(creator).body == request.body
        })
    })
}

fn rejected_stores_nothing(state: &State) -> bool {
    let is_rejected = |call: u8| state.calls[usize::from(call)] == Call::Done(Response::Rejected);
    !state.batches.iter().any(|batch| is_rejected(batch.request))
}

fn replacements_match_rows(state: &State) -> bool {
    let entries = || state.rows.iter().map(|row| row.entry);
    let expected = |row: &Row| transactions::replacement(&row.entry, entries());
    state.rows.iter().all(|row| row.replaced_by == expected(row))
}

fn pending_row_has_slice(state: &State) -> bool {
    let has_slice =
        |row: &Row| state.slices.iter().any(|slice| slice.covers(row.batch, row.position));
    state.rows.iter().filter(|row| row.is_pending()).all(has_slice)
}

fn lethal_row_fails_alone(protocol: &Protocol, state: &State) -> bool {
    protocol.scenario.lethal.is_none_or(|lethal| {
        let is_other = |row: &Row| row.entry.id != lethal && row.has_failed();
        !state.has_dead_letter && !state.rows.iter().any(is_other)
    })
}

fn are_distinct(mut ids: impl Iterator<Item = u8>) -> bool {
    let mut seen = BTreeSet::new();
    ids.all(|id| seen.insert(id))
}
