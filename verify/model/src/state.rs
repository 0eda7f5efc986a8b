//! The state of the whole system: tables, queue, and the progress of each process.

use crate::row::Row;
use crate::scenario::Scenario;
use crate::sums::Sums;

/// One state of the system. Ids are indexes into its lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Ingest's progress with each request.
    pub(crate) calls: Vec<Call>,
    /// `idempotency_keys`: key and batch. The batch determines the body.
    pub(crate) keys: Vec<(u8, u8)>,
    /// `transactions`.
    pub(crate) rows: Vec<Row>,
    /// `batches`, each with its row of `outbox`.
    pub(crate) batches: Vec<Batch>,
    /// The queue, sorted: SQS guarantees no order, so states that differ only in order are equal.
    pub(crate) messages: Vec<Message>,
    /// The progress of each worker.
    pub(crate) workers: Vec<Worker>,
    /// `report_deltas` and `report_days`.
    pub(crate) sums: Sums,
    /// Deltas not yet appended; always empty with `Guard::DeltasInSameCommit`.
    pub(crate) deferred_deltas: Sums,
    /// Whether SQS moved a message to the dead-letter queue.
    pub(crate) has_dead_letter: bool,
    /// How many retries may still follow.
    pub(crate) retries_left: u8,
    /// How many faults may still occur.
    pub(crate) faults_left: u8,
}

/// Ingest's progress with a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// Not sent yet.
    NotSent,
    /// The key is unknown and not locked yet.
    KeyUnknown,
    /// Holds the key's advisory lock, or the request has no key.
    KeyLocked,
    /// Holds the locks of the rows that existed, one bit per position in the body.
    RowsWritten { existing: u8 },
    /// Committed; the message is not sent.
    Committed { batch: u8 },
    /// Sent; the outbox entry is not deleted.
    Sent { batch: u8 },
    /// Ended.
    Done(Response),
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

/// A row of `batches`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    /// The request that created it.
    pub(crate) request: u8,
    /// `finished_at is not null`.
    pub(crate) is_finished: bool,
    /// Its row of `outbox`.
    pub(crate) outbox: Outbox,
    /// Whether a message was sent since the batch last gained work, or none is needed. Not a
    /// column: a property checks it.
    pub(crate) was_sent: bool,
}

/// A batch's row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outbox {
    /// No entry.
    None,
    /// A pending entry.
    Pending,
    /// A pending entry that a retry inserted or replaced.
    PendingByRetry,
    /// An entry that relay has locked and sent, but not deleted.
    SentByRelay,
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
    /// Is about to claim rows.
    Received { batch: u8 },
    /// Has claimed rows and categorises them.
    Claimed { batch: u8, claimed: Vec<ClaimedRow> },
    /// Found no row to claim.
    NothingClaimed { batch: u8 },
    /// Has read whether the batch is finished; only without `Guard::FinishUnderLock`.
    MarksFinished { batch: u8, is_finished: bool },
    /// Is about to delete its message.
    DeletesMessage,
}

/// A row as a claim read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClaimedRow {
    pub(crate) index: u8,
    pub(crate) content: u8,
    pub(crate) attempts: u8,
}

impl State {
    /// The initial state: no request sent.
    pub(crate) fn initial(scenario: &Scenario) -> Self {
        Self {
            calls: vec![Call::NotSent; scenario.requests.len()],
            keys: Vec::new(),
            rows: Vec::new(),
            batches: Vec::new(),
            messages: Vec::new(),
            workers: vec![Worker::Idle; scenario.workers],
            sums: Sums::default(),
            deferred_deltas: Sums::default(),
            has_dead_letter: false,
            retries_left: scenario.retries_max,
            faults_left: scenario.faults_max,
        }
    }

    /// Whether all rows of a batch are completed or failed.
    pub(crate) fn has_only_done_rows(&self, batch: u8) -> bool {
        self.rows.iter().filter(|row| row.batch == batch).all(Row::is_done)
    }
}

impl Call {
    /// The batch that a 202 names.
    pub(crate) const fn accepted_batch(&self) -> Option<u8> {
        match self {
            Self::Done(Response::Accepted { batch } | Response::Replayed { batch }) => Some(*batch),
            Self::Done(Response::Rejected | Response::Lost)
            | Self::NotSent
            | Self::KeyUnknown
            | Self::KeyLocked
            | Self::RowsWritten { .. }
            | Self::Committed { .. }
            | Self::Sent { .. } => None,
        }
    }
}

/// A list index as an id. Lists are short.
pub(crate) fn to_id(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}
