//! What must hold in every state, and what must come about in some for the model to mean anything.

use stateright::Property;

use crate::protocol::Protocol;
use crate::state::{Answer, Call, Outbox, Outcome, State, Status, Worker};
use crate::sums::Sums;

/// Promises: a state in which one does not hold is a counterexample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Always {
    /// When nothing is left to do, each batch is finished and each row is done, with the content that
    /// was committed last. The design's first invariant.
    Settles,
    /// What was posted and answered with 202 was committed, and its rows are there.
    AcceptedIsKept,
    /// A request that is answered with 409 has no batch.
    RefusedLeavesNothing,
    /// An answer names the batch of its own body.
    AnswerIsOfItsBody,
    /// An idempotency key has one batch.
    KeyHasOneBatch,
    /// A transaction id has one row.
    TransactionStandsOnce,
    /// The report's sums are what the rows give. The design's third invariant.
    SumsAreOfRows,
    /// A category is that of the row's content as it stands.
    ResultIsOfContent,
    /// A result was written by the holder of the lease.
    ResultIsOfHolder,
    /// A batch with work that was not sent for is owed.
    UnsentIsPending,
    /// A finished batch has no row to be worked on.
    FinishedIsSettled,
}

/// What is not wrong but has to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sometimes {
    /// A first answer is given again.
    Replayed,
    /// A request is refused.
    Refused,
    /// A row's content is replaced while a worker categorises the old one.
    RevisedUnderWorker,
    /// Two workers have the same row.
    TwoOnOneRow,
    /// SQS gives a message up.
    DeadLettered,
    /// A row is given up.
    GivenUp,
    /// Everything is posted and settled.
    AllDone,
}

impl Always {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Settles,
        Self::AcceptedIsKept,
        Self::RefusedLeavesNothing,
        Self::AnswerIsOfItsBody,
        Self::KeyHasOneBatch,
        Self::TransactionStandsOnce,
        Self::SumsAreOfRows,
        Self::ResultIsOfContent,
        Self::ResultIsOfHolder,
        Self::UnsentIsPending,
        Self::FinishedIsSettled,
    ];

    /// Its name in the checker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settles => "everything settles",
            Self::AcceptedIsKept => "what is accepted is kept",
            Self::RefusedLeavesNothing => "what is refused leaves nothing",
            Self::AnswerIsOfItsBody => "an answer is of its own body",
            Self::KeyHasOneBatch => "a key has one batch",
            Self::TransactionStandsOnce => "a transaction stands once",
            Self::SumsAreOfRows => "sums are what the rows give",
            Self::ResultIsOfContent => "a result is of the content that stands",
            Self::ResultIsOfHolder => "a result is of the lease's holder",
            Self::UnsentIsPending => "what is unsent is owed",
            Self::FinishedIsSettled => "what is finished is settled",
        }
    }

    fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::Settles => {
                |protocol, state| !protocol.is_at_rest(state) || settled(protocol, state)
            }
            Self::AcceptedIsKept => accepted_is_kept,
            Self::RefusedLeavesNothing => |_, state| {
                let is_refused =
                    |post: u8| state.calls[usize::from(post)] == Call::Done(Answer::Refused);
                !state.batches.iter().any(|batch| is_refused(batch.post))
            },
            Self::AnswerIsOfItsBody => answer_is_of_its_body,
            Self::KeyHasOneBatch => key_has_one_batch,
            Self::TransactionStandsOnce => |_, state| {
                let is_first = |place: usize| {
                    state.rows[..place].iter().all(|other| other.id != state.rows[place].id)
                };
                (0..state.rows.len()).all(is_first)
            },
            Self::SumsAreOfRows => |_, state| state.sums == Sums::of(&state.rows),
            Self::ResultIsOfContent => |_, state| {
                state.rows.iter().all(|row| match row.status {
                    Status::Done { outcome: Outcome::Completed { category }, .. } => {
                        category == row.content
                    }
                    Status::Done { outcome: Outcome::Failed, .. }
                    | Status::Pending
                    | Status::Processing { .. } => true,
                })
            },
            Self::ResultIsOfHolder => |_, state| {
                let is_stolen =
                    |status: &Status| matches!(status, Status::Done { by_holder: false, .. });
                !state.rows.iter().any(|row| is_stolen(&row.status))
            },
            Self::UnsentIsPending => |_, state| {
                state.batches.iter().all(|batch| batch.was_sent || batch.outbox != Outbox::None)
            },
            Self::FinishedIsSettled => |_, state| {
                let batches = state.batches.iter().zip(0..);
                batches.into_iter().all(|(batch, id)| !batch.is_finished || state.is_settled(id))
            },
        };
        Property::always(self.name(), condition)
    }
}

impl Sometimes {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Replayed,
        Self::Refused,
        Self::RevisedUnderWorker,
        Self::TwoOnOneRow,
        Self::DeadLettered,
        Self::GivenUp,
        Self::AllDone,
    ];

    /// Its name in the checker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replayed => "a request is replayed",
            Self::Refused => "a request is refused",
            Self::RevisedUnderWorker => "a row is revised under a worker",
            Self::TwoOnOneRow => "two workers are on one row",
            Self::DeadLettered => "a message is given up",
            Self::GivenUp => "a row is given up",
            Self::AllDone => "everything is posted and settled",
        }
    }

    fn property(self) -> Property<Protocol> {
        let condition: fn(&Protocol, &State) -> bool = match self {
            Self::Replayed => |_, state| {
                let is_replayed = |call: &Call| matches!(call, Call::Done(Answer::Replayed { .. }));
                state.calls.iter().any(is_replayed)
            },
            Self::Refused => |_, state| state.calls.contains(&Call::Done(Answer::Refused)),
            Self::RevisedUnderWorker => |_, state| {
                held(state).any(|(row, content)| state.rows[usize::from(row)].content != content)
            },
            Self::TwoOnOneRow => |_, state| {
                let rows: Vec<u8> = held(state).map(|(row, _)| row).collect();
                (1..rows.len()).any(|place| rows[..place].contains(&rows[place]))
            },
            Self::DeadLettered => |_, state| state.has_dead_letter,
            Self::GivenUp => |_, state| {
                let failed = |status: &Status| {
                    matches!(status, Status::Done { outcome: Outcome::Failed, .. })
                };
                state.rows.iter().any(|row| failed(&row.status))
            },
            Self::AllDone => |protocol, state| {
                state.calls.iter().all(|call| matches!(call, Call::Done(_)))
                    && !state.batches.is_empty()
                    && protocol.is_at_rest(state)
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

fn settled(protocol: &Protocol, state: &State) -> bool {
    let is_last_content = |id: u8, content: u8| {
        let mut committed = state.batches.iter().rev().filter_map(|batch| {
            let body = protocol.post(batch.post).body;
            body.iter().find(|(brought, _)| *brought == id)
        });
        committed.next().is_some_and(|(_, last)| *last == content)
    };
    state.batches.iter().all(|batch| batch.is_finished)
        && state.rows.iter().all(|row| {
            matches!(row.status, Status::Done { .. }) && is_last_content(row.id, row.content)
        })
}

fn accepted_is_kept(protocol: &Protocol, state: &State) -> bool {
    state.calls.iter().zip(&protocol.scenario.posts).all(|(call, post)| match call {
        Call::Done(Answer::Accepted { .. } | Answer::Replayed { .. }) => {
            let is_committed = |row: &(u8, u8)| {
                let mut batches = state.batches.iter();
                batches.any(|batch| protocol.post(batch.post).body.contains(row))
            };
            let is_there = |id: u8| state.rows.iter().any(|row| row.id == id);
            post.body.iter().all(|row| is_committed(row) && is_there(row.0))
        }
        Call::Done(Answer::Refused | Answer::None)
        | Call::Waiting
        | Call::Looked
        | Call::Keyed
        | Call::Written { .. }
        | Call::Committed { .. }
        | Call::Sent { .. } => true,
    })
}

fn answer_is_of_its_body(protocol: &Protocol, state: &State) -> bool {
    state.calls.iter().zip(&protocol.scenario.posts).all(|(call, post)| match call {
        Call::Done(Answer::Accepted { batch } | Answer::Replayed { batch }) => {
            let first = &state.batches[usize::from(*batch)];
            protocol.post(first.post).body == post.body
        }
        Call::Done(Answer::Refused | Answer::None)
        | Call::Waiting
        | Call::Looked
        | Call::Keyed
        | Call::Written { .. }
        | Call::Committed { .. }
        | Call::Sent { .. } => true,
    })
}

fn key_has_one_batch(protocol: &Protocol, state: &State) -> bool {
    let key_of = |post: u8| protocol.post(post).key;
    let keys: Vec<u8> = state.batches.iter().filter_map(|batch| key_of(batch.post)).collect();
    (1..keys.len()).all(|place| !keys[..place].contains(&keys[place]))
}

/// The rows that workers have, with their contents as they were read.
fn held(state: &State) -> impl Iterator<Item = (u8, u8)> {
    state.workers.iter().flat_map(|worker| match worker {
        Worker::Claimed { held, .. } => {
            held.iter().map(|row| (row.row, row.content)).collect::<Vec<_>>()
        }
        Worker::Idle
        | Worker::Received { .. }
        | Worker::FoundNothing { .. }
        | Worker::MarksEnd { .. }
        | Worker::LookedForEnd => Vec::new(),
    })
}
