//! What can happen next.

/// A step. Numbers are places in the lists of the state that it is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ingest begins on a post and looks its key up.
    Begin(u8),
    /// Ingest asks for the key's lock.
    LockKey(u8),
    /// Ingest writes the rows, and so locks those that are known.
    Write(u8),
    /// Ingest writes the batch, the key and the outbox, and commits.
    Commit(u8),
    /// Ingest sends the message.
    Send(u8),
    /// Ingest strikes the outbox out and answers.
    MarkSent(u8),
    /// A client retries what failed of a batch.
    Retry(u8),
    /// Relay takes a batch's outbox and sends.
    RelaySend(u8),
    /// Relay strikes the outbox out and commits.
    RelayMarkSent(u8),
    /// Relay owes a message again for a batch that stands still.
    Sweep(u8),
    /// A worker receives a message.
    Receive(u8, u8),
    /// The visibility timeout of a dead worker's message ends.
    TimeOut(u8),
    /// A worker claims.
    Claim(u8),
    /// A worker writes what it decided.
    Finish(u8),
    /// A worker that found nothing marks the batch if it is settled.
    LookForEnd(u8),
    /// The same, in a second step: never, while `Guard::EndUnderLock` stands.
    MarkEnd(u8),
    /// A worker deletes its message.
    Acknowledge(u8),
    /// A row's lease runs out whose holder is gone.
    LeaseRunsOut(u8),
    /// Deltas are appended in a commit of their own: never, while `Guard::DeltasInSameCommit` stands.
    AppendLate,
    /// Something goes wrong.
    Fault(Fault),
}

/// What goes wrong. A run has only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ingest dies, or its connection to PostgreSQL or to the client does.
    IngestDies(u8),
    /// SQS refuses ingest's message.
    SendRefused(u8),
    /// Relay dies between a send and its commit.
    RelayDies(u8),
    /// Relay takes a outbox that a slow ingest is about to settle.
    RelaySendsEarly(u8),
    /// Relay sweeps a batch whose message is only late.
    SweepEarly(u8),
    /// SQS will deliver a message once more.
    Duplicated(u8),
    /// A message comes back while its worker, a slow one, is still on it.
    TimeOutEarly(u8),
    /// A lease runs out while its holder, a slow one, is still on the row.
    LeaseRunsOutEarly(u8),
    /// A worker dies.
    WorkerDies(u8),
    /// A worker's statement fails: it holds what it holds, and hands the message back.
    StatementFails(u8),
    /// Categorising fails for now: a worker releases its rows and hands the message back.
    CategoriserAway(u8),
    /// A worker is asked to end: it releases its rows and hands the message back.
    Stopped(u8),
    /// A worker's time is up: it sends the message anew and deletes this one.
    OutOfTime(u8),
}

/// Kinds of faults, by which a scenario chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A process dies.
    Death,
    /// SQS refuses a message.
    Refusal,
    /// SQS delivers twice.
    Duplicate,
    /// Something takes longer than its timeout.
    Slowness,
    /// PostgreSQL fails a statement of a worker.
    Statement,
    /// The categoriser fails for now.
    Categoriser,
    /// A worker's time is up, or its process is asked to end.
    Deadline,
}

impl FaultKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Death,
        Self::Refusal,
        Self::Duplicate,
        Self::Slowness,
        Self::Statement,
        Self::Categoriser,
        Self::Deadline,
    ];
}

impl Fault {
    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        match self {
            Self::IngestDies(_) | Self::RelayDies(_) | Self::WorkerDies(_) => FaultKind::Death,
            Self::SendRefused(_) => FaultKind::Refusal,
            Self::Duplicated(_) => FaultKind::Duplicate,
            Self::RelaySendsEarly(_)
            | Self::SweepEarly(_)
            | Self::TimeOutEarly(_)
            | Self::LeaseRunsOutEarly(_) => FaultKind::Slowness,
            Self::StatementFails(_) => FaultKind::Statement,
            Self::CategoriserAway(_) => FaultKind::Categoriser,
            Self::OutOfTime(_) | Self::Stopped(_) => FaultKind::Deadline,
        }
    }
}
