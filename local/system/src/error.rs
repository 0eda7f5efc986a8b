//! Why a system fails to start or to stop.

use std::io;

use admin::AdminError;
use tributary_domain::api_key::PepperTooShort;
use tributary_stack::{BuildError, StackError};
use tributary_store::StoreError;

use crate::database::DatabaseError;
use crate::queues::QueueSetupError;

/// Why a system fails to start or to stop.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The functions do not build.
    #[error("the functions cannot be built")]
    Build(#[from] BuildError),
    /// The database cannot be set up or removed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The embedded SQS server cannot listen.
    #[error("the embedded SQS cannot start")]
    Sqs(#[source] io::Error),
    /// The queues cannot be set up.
    #[error(transparent)]
    Queues(#[from] QueueSetupError),
    /// The given pepper is too short.
    #[error("the pepper of API keys is invalid")]
    Pepper(#[from] PepperTooShort),
    /// The tenant and its API key cannot be stored.
    #[error("the tenant's API key cannot be created")]
    Access(#[from] AdminError),
    /// The database URL is invalid.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The local stack cannot start.
    #[error(transparent)]
    Stack(#[from] StackError),
}
