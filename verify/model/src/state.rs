//! Everything that outlives a step: tables, queue, and how far each process is.

use crate::scenario::Scenario;
use crate::sums::Sums;

/// How many different contents a transaction can have. A content's category is its own number.
pub(crate) const CONTENTS: usize = 2;

/// One state of the whole system. Ids are places in its lists, which only grow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// How far ingest is with each post.
    pub(crate) calls: Vec<Call>,
    /// `idempotency_keys`: the key and its batch, which knows the body.
    pub(crate) keys: Vec<(u8, u8)>,
    /// `transactions`.
    pub(crate) rows: Vec<Row>,
    /// `batches` with their place in `outbox`.
    pub(crate) batches: Vec<Batch>,
    /// The queue, sorted: SQS promises no order, so states that differ in it are the same.
    pub(crate) messages: Vec<Message>,
    /// How far each worker is.
    pub(crate) workers: Vec<Worker>,
    /// `report_deltas` and `report_days`.
    pub(crate) sums: Sums,
    /// Deltas that are not appended yet; nothing while `Guard::DeltasInSameCommit` stands.
    pub(crate) late: Sums,
    /// Whether SQS gave a message up.
    pub(crate) has_dead_letter: bool,
    /// How many retries may still come.
    pub(crate) retries_left: u8,
    /// How many faults may still strike.
    pub(crate) faults_left: u8,
}

/// How far `Ingest::handle` is with a post.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// Not posted.
    Waiting,
    /// `idempotency::acquire` has read and found no key; it has not asked for the lock.
    Looked,
    /// It has the key's advisory lock; or the post has no key.
    Keyed,
    /// `transactions::write` holds the locks of the rows that were `known`, one bit per place in the
    /// body.
    Written { known: u8 },
    /// Committed, nothing sent.
    Committed { batch: u8 },
    /// Sent, still owed.
    Sent { batch: u8 },
    /// Over.
    Done(Answer),
}

/// What the client got.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// 202.
    Accepted { batch: u8 },
    /// 202 with `Idempotency-Replayed`.
    Replayed { batch: u8 },
    /// 409.
    Refused,
    /// None: ingest died, or the connection did, and the client cannot know whether it was taken.
    None,
}

/// A row of `transactions`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// `transaction_id`.
    pub(crate) id: u8,
    /// The batch whose work it is.
    pub(crate) batch: u8,
    /// All that a client says of it.
    pub(crate) content: u8,
    /// `attempts`, counted no further than the first that is too many.
    pub(crate) attempts: u8,
    /// `status` with what stands beside it.
    pub(crate) status: Status,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    /// `pending`
    Pending,
    /// `processing`
    Processing {
        /// `lease_token`.
        token: Token,
        /// Whether `lease_expires_at` is to come.
        is_live: bool,
    },
    /// `completed` or `failed`
    Done {
        /// Which.
        outcome: Outcome,
        /// Whether the worker that wrote it held the row's lease: no column, but what is to be proved.
        by_holder: bool,
    },
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Completed { category: u8 },
    Failed,
}

/// Whose token it is. Tokens are fresh for each claim, and a worker has one claim at a time: so its
/// place tells its token, once the tokens that it left behind are nobody's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    Worker(u8),
    Nobody,
}

/// A row of `batches`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    /// The post that it was.
    pub(crate) post: u8,
    /// `finished_at is not null`.
    pub(crate) is_finished: bool,
    /// Its row in `outbox`.
    pub(crate) outbox: Outbox,
    /// Whether a message was sent since it last got work, or none is needed: no column, but what is
    /// to be proved.
    pub(crate) was_sent: bool,
}

/// A batch's row in `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outbox {
    /// No row.
    None,
    /// A row.
    OutboxEntry,
    /// A row that a retry wrote, or wrote over.
    PendingByRetry,
    /// A row that a relay holds and has sent for.
    SentByRelay,
}

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    /// All that it says.
    pub(crate) batch: u8,
    /// `ApproximateReceiveCount`.
    pub(crate) receives: u8,
    /// Who sees it.
    pub(crate) place: Place,
}

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    Visible,
    /// Hidden, a worker is on it.
    Held(u8),
    /// Hidden, and the worker that was on it is dead.
    Orphaned,
}

/// How far `Worker::work` is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Worker {
    /// Without a message.
    Idle,
    /// About to claim.
    Received { batch: u8 },
    /// Has claimed, and categorises what it read.
    Claimed { batch: u8, held: Vec<Held> },
    /// Has claimed nothing.
    FoundNothing { batch: u8 },
    /// Has looked whether the batch is to be marked; only without `Guard::EndUnderLock`.
    MarksEnd { batch: u8, is_end: bool },
    /// Has marked the batch if it was settled; the message is not deleted.
    LookedForEnd,
}

/// `ClaimedTransaction`: a row as it was read by a claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    pub(crate) row: u8,
    pub(crate) content: u8,
    pub(crate) attempts: u8,
}

impl State {
    /// Nothing posted.
    pub(crate) fn first(scenario: &Scenario) -> Self {
        Self {
            calls: vec![Call::Waiting; scenario.posts.len()],
            keys: Vec::new(),
            rows: Vec::new(),
            batches: Vec::new(),
            messages: Vec::new(),
            workers: vec![Worker::Idle; scenario.workers],
            sums: Sums::default(),
            late: Sums::default(),
            has_dead_letter: false,
            retries_left: scenario.retries_max,
            faults_left: scenario.faults_max,
        }
    }

    /// Whether a batch has rows to be worked on: what `finish_if_done` looks for.
    pub(crate) fn is_settled(&self, batch: u8) -> bool {
        let mut owned = self.rows.iter().filter(|row| row.batch == batch);
        owned.all(|row| matches!(row.status, Status::Done { .. }))
    }
}

/// The number of a place in a list. Lists are short.
pub(crate) fn number(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(u8::MAX)
}
