//! The steps of the protocol and the faults that can interrupt it.

/// A step. Its numbers are indexes into the lists of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ingest receives a request and looks up its idempotency key.
    LookUpKey(u8),
    /// Ingest tries to lock the key.
    LockKey(u8),
    /// Ingest writes the rows, which locks those that exist.
    WriteRows(u8),
    /// Ingest writes the batch, the key and the outbox entry, and commits.
    Commit(u8),
    /// Ingest sends the message.
    Send(u8),
    /// Ingest marks the message as sent and responds.
    MarkSent(u8),
    /// A client retries the failed rows of a batch.
    Retry(u8),
    /// Relay locks a batch's outbox entry and sends the message.
    RelaySend(u8),
    /// Relay marks the message as sent and commits.
    RelayMarkSent(u8),
    /// Relay writes a new outbox entry for a stalled batch.
    RequeueStalled(u8),
    /// A worker receives a message.
    Receive(u8, u8),
    /// The visibility timeout of a crashed worker's message expires.
    VisibilityTimeout(u8),
    /// A worker claims rows.
    Claim(u8),
    /// A worker writes its results.
    Finish(u8),
    /// A worker that claimed nothing marks the batch as finished if all its rows are done.
    CheckFinished(u8),
    /// The second step of [`Action::CheckFinished`]; only without `Guard::FinishUnderLock`.
    MarkFinished(u8),
    /// A worker deletes its message.
    DeleteMessage(u8),
    /// The lease of a crashed worker expires on a row.
    ExpireLease(u8),
    /// Report deltas are appended in a commit of their own; only without
    /// `Guard::DeltasInSameCommit`.
    AppendDeltas,
    /// A fault occurs.
    Fault(Fault),
}

/// A fault. A scenario limits how many occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ingest crashes, or loses its connection to PostgreSQL or to the client.
    IngestCrashes(u8),
    /// SQS rejects ingest's message.
    SendFails(u8),
    /// Relay crashes between the send and the commit.
    RelayCrashes(u8),
    /// Relay sends an outbox entry that a slow ingest is about to mark as sent.
    RelaySendsEarly(u8),
    /// Relay requeues a batch whose message is only late.
    RequeueEarly(u8),
    /// SQS delivers a message once more.
    DuplicateDelivery(u8),
    /// A visibility timeout expires while a slow worker still processes the message.
    VisibilityTimeoutEarly(u8),
    /// A lease expires while a slow worker still processes the row.
    LeaseExpiresEarly(u8),
    /// A worker crashes.
    WorkerCrashes(u8),
    /// A worker's statement fails: it keeps its leases and returns the message to the queue.
    StatementFails(u8),
    /// Categorising fails transiently: a worker releases its rows and returns the message.
    CategoriserFails(u8),
    /// A worker is shut down: it releases its rows and returns the message.
    Shutdown(u8),
    /// A worker reaches its deadline: it sends a new message and deletes this one.
    Deadline(u8),
}

/// Categories of faults, which a scenario selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A process crashes.
    Crash,
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
        Self::Crash,
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
            Self::IngestCrashes(_) | Self::RelayCrashes(_) | Self::WorkerCrashes(_) => {
                FaultKind::Crash
            }
            Self::SendFails(_) => FaultKind::SendFailure,
            Self::DuplicateDelivery(_) => FaultKind::DuplicateDelivery,
            Self::RelaySendsEarly(_)
            | Self::RequeueEarly(_)
            | Self::VisibilityTimeoutEarly(_)
            | Self::LeaseExpiresEarly(_) => FaultKind::Delay,
            Self::StatementFails(_) => FaultKind::Statement,
            Self::CategoriserFails(_) => FaultKind::Categoriser,
            Self::Deadline(_) | Self::Shutdown(_) => FaultKind::Deadline,
        }
    }
}
