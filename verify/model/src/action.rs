//! The steps of the protocol and the faults that can interrupt it.

/// A step. Its numbers are indexes into the lists of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ingest begins a transaction and inserts the batch's row, or finds its key in use.
    InsertBatch(u8),
    /// Ingest stops waiting for another open transaction with the same key and responds with 409.
    KeyTimeout(u8),
    /// Ingest locks the accounts; only in pair mode.
    LockAccounts(u8),
    /// Ingest inserts a new row.
    InsertNew(u8),
    /// Ingest locks a known row.
    LockKnown(u8),
    /// Ingest updates `replaced_by`; only in pair mode.
    UpdateReplacements(u8),
    /// Ingest revises rows, inserts slices and commits.
    Commit(u8),
    /// Ingest sends the message and responds.
    Send(u8),
    /// A retry of a batch begins a transaction and locks the batch.
    LockBatch(u8, u8),
    /// A retry locks the batch's slices.
    LockSlices(u8),
    /// A retry sets the failed rows to pending, inserts slices and commits.
    CommitRetry(u8),
    /// Relay takes a batch that is due, and commits.
    RelayTakes(u8),
    /// Relay sends the message.
    RelaySends(u8),
    /// Relay moves `announce_at` after its send.
    RelayPostpones(u8),
    /// A worker receives a message.
    Receive(u8, u8),
    /// The visibility timeout of a crashed worker's message expires.
    VisibilityTimeout(u8),
    /// A worker claims a slice.
    Claim(u8),
    /// A row crashes the worker that categorises it.
    LethalRow(u8),
    /// A worker writes a result.
    WriteResults(u8),
    /// A worker deletes or releases its slice and commits.
    Finish(u8),
    /// A worker that claimed nothing marks the batch as finished if it has no slice left.
    Settle(u8),
    /// The second step of [`Action::Settle`]; only without `Guard::SettleUnderLock`.
    MarkFinished(u8),
    /// A worker deletes its message.
    DeleteMessage(u8),
    /// A crashed worker's lease on a slice expires.
    ExpireLease(u8),
    /// The sums move in a commit of their own; only without `Guard::SumsInSameCommit`.
    MoveSums,
    /// A fault occurs.
    Fault(Fault),
}

/// A fault. A scenario limits how many occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ingest crashes, or loses its connection to PostgreSQL or to the client.
    IngestCrashes(u8),
    /// SQS rejects ingest's message; ingest moves `announce_at` to now.
    SendFails(u8),
    /// Relay crashes before the send or before it moves `announce_at`.
    RelayCrashes(u8),
    /// Relay takes a batch whose message is only late.
    RelayTakesEarly(u8),
    /// SQS delivers a message once more.
    DuplicateDelivery(u8),
    /// A visibility timeout expires while a slow worker still processes the message.
    VisibilityTimeoutEarly(u8),
    /// A lease expires while a slow worker still processes the slice.
    LeaseExpiresEarly(u8),
    /// A worker crashes.
    WorkerCrashes(u8),
    /// A worker's statement fails: it keeps its lease and returns the message to the queue.
    StatementFails(u8),
    /// Categorising a row fails transiently: a worker finishes the others, releases its slice and
    /// returns the message.
    CategoriserFails(u8),
    /// A worker is shut down: it releases its slice and returns the message.
    Shutdown(u8),
    /// A worker reaches its deadline: it sends a new message and deletes this one.
    Deadline(u8),
}

/// Categories of faults, which a scenario selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Ingest crashes.
    IngestCrash,
    /// Relay crashes.
    RelayCrash,
    /// A worker crashes.
    WorkerCrash,
    /// SQS rejects a message.
    SendFailure,
    /// SQS delivers a message twice.
    DuplicateDelivery,
    /// An operation takes longer than its timeout.
    Delay,
    /// PostgreSQL fails a worker's statement.
    Statement,
    /// The categoriser fails transiently.
    Categoriser,
    /// A worker reaches its deadline or is shut down.
    Deadline,
}

impl FaultKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::IngestCrash,
        Self::RelayCrash,
        Self::WorkerCrash,
        Self::SendFailure,
        Self::DuplicateDelivery,
        Self::Delay,
        Self::Statement,
        Self::Categoriser,
        Self::Deadline,
    ];
}

impl Fault {
    /// Its category.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        match self {
            Self::IngestCrashes(_) => FaultKind::IngestCrash,
            Self::RelayCrashes(_) => FaultKind::RelayCrash,
            Self::WorkerCrashes(_) => FaultKind::WorkerCrash,
            Self::SendFails(_) => FaultKind::SendFailure,
            Self::DuplicateDelivery(_) => FaultKind::DuplicateDelivery,
            Self::RelayTakesEarly(_)
            | Self::VisibilityTimeoutEarly(_)
            | Self::LeaseExpiresEarly(_) => FaultKind::Delay,
            Self::StatementFails(_) => FaultKind::Statement,
            Self::CategoriserFails(_) => FaultKind::Categoriser,
            Self::Deadline(_) | Self::Shutdown(_) => FaultKind::Deadline,
        }
    }
}
