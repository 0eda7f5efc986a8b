//! The state of the whole system: tables, queue, and the progress of each process.

use crate::id_set::IdSet;
use crate::row::{Outcome, Row};
use crate::scenario::Scenario;
use crate::slice::Slice;
use crate::sums::Sums;

/// One state of the system. Tables contain what is committed. Ids of calls, batches and workers
/// are indexes into their lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Ingest's progress with each request, and then with each retry.
    pub(crate) calls: Vec<Call>,
    /// `transactions`, in order of id.
    pub(crate) rows: Vec<Row>,
    /// `slices`, sorted.
    pub(crate) slices: Vec<Slice>,
    /// `batches`, in order of their commits.
    pub(crate) batches: Vec<Batch>,
    /// The queue, sorted: SQS guarantees no order, so states that differ only in order are equal.
    pub(crate) messages: Vec<Message>,
    /// The progress of each worker.
    pub(crate) workers: Vec<Worker>,
    /// `report_packs` and `report_days`.
    pub(crate) sums: Sums,
    /// Deltas not yet added; always empty with `Guard::SumsInSameCommit`.
    pub(crate) deferred_deltas: Sums,
    /// Whether SQS moved a message to the dead-letter queue.
    pub(crate) has_dead_letter: bool,
    /// How many faults may still occur.
    pub(crate) faults_left: u8,
}

/// Ingest's progress with a request or a retry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// Not sent yet, or waiting for another open transaction with the same key.
    NotSent,
    /// Rolled back because a known row is in a pair; starts over in pair mode.
    StartsOver,
    /// A batch's transaction is open.
    Open(Tx),
    /// A retry has locked the batch.
    BatchLocked { batch: u8 },
    /// A retry has also locked the batch's slices, which cover some positions.
    SlicesLocked { batch: u8, covered: IdSet },
    /// Committed; the message is not sent.
    Committed { batch: u8 },
    /// Ended.
    Done(Response),
}

/// An open transaction of ingest that writes a batch. Its writes become visible at its commit; its
/// locks exist from each statement on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tx {
    /// The batch's id if its row is committed already; only without `Guard::OneCommit`.
    pub(crate) batch: Option<u8>,
    /// Whether it locks the accounts and pairs of its transactions.
    pub(crate) in_pair_mode: bool,
    pub(crate) phase: Phase,
    /// How many of the body's ids, in order, it has tried to insert.
    pub(crate) tried: u8,
    /// The ids that it has inserted.
    pub(crate) inserted: IdSet,
    /// The known rows that its lock statement read.
    pub(crate) targets: IdSet,
    /// Those of them that it has locked.
    pub(crate) locked: IdSet,
    /// The values of `replaced_by` that it has written.
    pub(crate) replacements: Vec<(u8, Option<u8>)>,
}

/// The last statement that an open transaction has executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// The batch's row is inserted, which holds the idempotency key.
    #[default]
    BatchInserted,
    /// The accounts are locked; only in pair mode.
    AccountsLocked,
    /// The new rows are inserted.
    NewInserted,
    /// The lock statement waits for a row.
    LocksKnown,
    /// The known rows are locked.
    KnownLocked,
    /// `replaced_by` is updated; only in pair mode.
    ReplacementsUpdated,
}

/// The response to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Response {
    /// 202.
    Accepted { batch: u8 },
    /// 202 with `Idempotency-Replayed`.
    Replayed { batch: u8 },
    /// 409 or 422.
    Rejected,
    /// Ingest crashed or lost a connection: the client cannot know whether its batch was accepted.
    Lost,
}

/// A row of `batches`: idempotency key, announcement and progress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    /// The request that created it, which determines key and content hash.
    pub(crate) request: u8,
    /// `finished_at is not null`.
    pub(crate) is_finished: bool,
    pub(crate) announce_at: AnnounceAt,
    /// Relay's progress with it.
    pub(crate) relay: Relay,
    /// Whether a message was sent or a worker claimed since the batch last gained work, or none is
    /// needed. Not a column: a property checks it.
    pub(crate) was_sent: bool,
}

/// `announce_at`. Instants that a compare-and-set must distinguish are distinct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AnnounceAt {
    /// Null.
    Never,
    /// Two minutes after ingest's commit.
    AfterCommit,
    /// Two minutes after a retry's commit.
    AfterRetry,
    /// The time of a failed send.
    Now,
    /// One minute after relay took the batch.
    AfterTake,
    /// At least 15 minutes after a claim or after relay's send.
    Later,
}

/// Relay's progress with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relay {
    Idle,
    /// Took the batch and committed.
    Taken,
    /// Sent the message.
    Sent,
}

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    /// Its body.
    pub(crate) batch: u8,
    /// `ApproximateReceiveCount`.
    pub(crate) receives: u8,
    pub(crate) visibility: Visibility,
}

/// Whether a message can be received.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Visibility {
    Visible,
    /// A worker processes it.
    InFlight(u8),
    /// In flight, but its worker has crashed.
    Orphaned,
}

/// The progress of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Worker {
    /// Has no message.
    Idle,
    /// Is about to claim a slice.
    Received { batch: u8 },
    /// Has locked the slice that starts at `first` and waits for the batch's row; only without
    /// `Guard::ClaimSkipsLockedBatch`.
    WaitsForBatch { batch: u8, first: u8 },
    /// Has claimed a slice and categorises its rows.
    Claimed(Claim),
    /// Has a transaction open that writes results.
    Writes(Writing),
    /// Found no slice to claim.
    NothingClaimed { batch: u8 },
    /// Has read whether the batch has slices left; only without `Guard::SettleUnderLock`.
    MarksFinished { batch: u8, is_finished: bool },
    /// Is about to delete its message.
    DeletesMessage,
}

/// A claimed slice as the claim read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) batch: u8,
    /// The slice's first position.
    pub(crate) first: u8,
    /// Whether it has one position.
    pub(crate) is_single: bool,
    pub(crate) attempts: u8,
    /// Its pending rows, in order of position.
    pub(crate) rows: Vec<ClaimedRow>,
}

/// A row as a claim read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClaimedRow {
    pub(crate) id: u8,
    pub(crate) revision: u8,
    pub(crate) content: u8,
}

/// An open transaction that writes results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Writing {
    pub(crate) batch: u8,
    /// The slice's first position.
    pub(crate) first: u8,
    /// The decided rows.
    pub(crate) results: Vec<(ClaimedRow, Outcome)>,
    /// The rows that it has locked.
    pub(crate) locked: IdSet,
    /// Whether its first statement has ended.
    pub(crate) is_written: bool,
    /// Whether the message returns to the queue after the commit.
    pub(crate) retries_later: bool,
}

impl State {
    /// The state before the first request.
    pub(crate) fn initial(scenario: &Scenario) -> Self {
        let calls = scenario.requests.len() + usize::from(scenario.retries_max);
        Self {
            calls: vec![Call::NotSent; calls],
            rows: Vec::new(),
            slices: Vec::new(),
            batches: Vec::new(),
            messages: Vec::new(),
            workers: vec![Worker::Idle; scenario.workers],
            sums: Sums::default(),
            deferred_deltas: Sums::default(),
            has_dead_letter: false,
            faults_left: scenario.faults_max,
        }
    }

    /// The index of a committed row.
    pub(crate) fn row_index(&self, id: u8) -> Option<usize> {
        self.rows.iter().position(|row| row.entry.id == id)
    }

    pub(crate) fn slices_of(&self, batch: u8) -> impl Iterator<Item = &Slice> {
        self.slices.iter().filter(move |slice| slice.batch == batch)
    }
}

impl Call {
    /// The batch that a 202 names.
    pub(crate) const fn accepted_batch(&self) -> Option<u8> {
        match self {
            Self::Done(Response::Accepted { batch } | Response::Replayed { batch }) => Some(*batch),
            Self::Done(Response::Rejected | Response::Lost)
            | Self::NotSent
            | Self::StartsOver
            | Self::Open(_)
            | Self::BatchLocked { .. }
            | Self::SlicesLocked { .. }
            | Self::Committed { .. } => None,
        }
    }
}

impl Worker {
    /// The batch that it processes.
    pub(crate) const fn batch(&self) -> Option<u8> {
        match self {
            Self::Received { batch }
            | Self::WaitsForBatch { batch, .. }
            | Self::Claimed(Claim { batch, .. })
            | Self::Writes(Writing { batch, .. })
            | Self::NothingClaimed { batch }
            | Self::MarksFinished { batch, .. } => Some(*batch),
            Self::Idle | Self::DeletesMessage => None,
        }
    }
}

/// A list index as an id. Lists are short.
pub(crate) fn to_id(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
