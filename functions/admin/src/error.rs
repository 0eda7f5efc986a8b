//! The error of an operation.

use tributary_queue::QueueError;
use tributary_store::{MigrateError, StoreError};

/// An invalid event or a failed operation. Operators see it with its causes.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The event does not name an operation.
    #[error("the event must be a JSON object whose \"operation\" is one of {known}")]
    NoOperation {
        /// The names of all operations.
        known: String,
    },
    /// The event names an unknown operation. The message omits the name, because errors are logged
    /// and the name may be anything.
    #[error("\"operation\" must be one of {known}")]
    UnknownOperation {
        /// The names of all operations.
        known: String,
    },
    /// The parameters of the operation are invalid.
    #[error("operation {operation}, at {place:?}: {reason}")]
    Malformed {
        /// The name of the operation.
        operation: &'static str,
        /// The member of the event.
        place: String,
        /// The reason.
        reason: String,
    },
    /// The event of a custom resource is invalid, so there is no URL to respond to.
    #[error("the event of a custom resource, at {place:?}: {reason}")]
    MalformedResource {
        /// The member of the event.
        place: String,
        /// The reason.
        reason: String,
    },
    /// The operation rejects a parameter.
    #[error("{place}: {reason}")]
    Rejected {
        /// The member of the event.
        place: &'static str,
        /// The reason.
        reason: &'static str,
    },
    /// A variable that the operation needs is not set.
    #[error("this needs {0}")]
    NotConfigured(&'static str),
    /// The schema of the database is older than this version.
    #[error("the database lacks {missing} of {known} migrations: \"migrate\" comes first")]
    Unmigrated {
        /// The number of missing migrations.
        missing: usize,
        /// The number of all migrations.
        known: usize,
    },
    /// The operation did not end before the deadline.
    #[error("the operation timed out")]
    OutOfTime,
    /// The response to CloudFormation failed.
    #[error("the response to CloudFormation failed")]
    NotAnswered(#[source] reqwest::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed.
    #[error("the migrations cannot be applied")]
    Migrate(#[from] MigrateError),
    /// The queue failed.
    #[error("the dead-letter queue is unavailable")]
    Queue(#[from] QueueError),
    /// The output cannot be serialised, which is a defect of its type.
    #[error("the output cannot be serialised")]
    Output(#[from] serde_json::Error),
}

impl AdminError {
    /// The `errorType` of a failed invocation. It is stable.
    #[must_use]
    pub const fn error_type(&self) -> &'static str {
        match self {
            Self::NoOperation { .. } | Self::UnknownOperation { .. } => "UnknownOperation",
            Self::Malformed { .. } | Self::MalformedResource { .. } => "MalformedEvent",
            Self::Rejected { .. } => "Rejected",
            Self::NotConfigured(_) => "NotConfigured",
            Self::Unmigrated { .. } => "Unmigrated",
            Self::OutOfTime => "OutOfTime",
            Self::NotAnswered(_) => "NotAnswered",
            Self::Store(_) | Self::Migrate(_) => "Database",
            Self::Queue(_) => "Queue",
            Self::Output(_) => "Internal",
        }
    }
}
