//! Why an operation was not carried out.

use tributary_queue::QueueError;
use tributary_store::{MigrateError, StoreError};

/// An event that is wrong, or an operation that failed. An operator sees it with its causes.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The event does not name an operation.
    #[error("the event must be a JSON object whose \"operation\" is one of {known}")]
    NoOperation {
        /// Every operation, in words.
        known: String,
    },
    /// The event names an operation that there is none of. What it names is not repeated:
    /// errors are logged, and it may be anything.
    #[error("\"operation\" must be one of {known}")]
    UnknownOperation {
        /// Every operation, in words.
        known: String,
    },
    /// The operation is known, and what goes with it is wrong.
    #[error("operation {operation}, at {place:?}: {reason}")]
    Malformed {
        /// Which operation.
        operation: &'static str,
        /// The member of the event.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A custom resource's event that cannot be read; nobody can be answered.
    #[error("the event of a custom resource, at {place:?}: {reason}")]
    MalformedResource {
        /// The member of the event.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operation can be read and cannot be done, by a fault of who asks.
    #[error("{place}: {reason}")]
    Refused {
        /// The member of the event.
        place: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The operation needs something that was not given.
    #[error("this needs {0}")]
    NotConfigured(&'static str),
    /// The database is not at the state that this version works on.
    #[error("the database lacks {missing} of {known} migrations: \"migrate\" comes first")]
    Unmigrated {
        /// How many it lacks.
        missing: usize,
        /// How many there are.
        known: usize,
    },
    /// The operation did not end before its time was up.
    #[error("it did not end in its time")]
    OutOfTime,
    /// CloudFormation was not told how it went.
    #[error("CloudFormation cannot be answered")]
    NotAnswered(#[source] reqwest::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed.
    #[error("the migrations cannot be applied")]
    Migrate(#[from] MigrateError),
    /// The queue failed.
    #[error("the dead-letter queue does not answer")]
    Queue(#[from] QueueError),
    /// A defect: the answer is no JSON.
    #[error("the answer cannot be written")]
    Answer(#[from] serde_json::Error),
}

impl AdminError {
    /// A stable word for it: the `errorType` of a failed invocation.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoOperation { .. } | Self::UnknownOperation { .. } => "UnknownOperation",
            Self::Malformed { .. } | Self::MalformedResource { .. } => "MalformedEvent",
            Self::Refused { .. } => "Refused",
            Self::NotConfigured(_) => "NotConfigured",
            Self::Unmigrated { .. } => "Unmigrated",
            Self::OutOfTime => "OutOfTime",
            Self::NotAnswered(_) => "NotAnswered",
            Self::Store(_) | Self::Migrate(_) => "Database",
            Self::Queue(_) => "Queue",
            Self::Answer(_) => "Internal",
        }
    }
}
