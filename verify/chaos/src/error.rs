//! The errors of a run.

use tributary_queue::QueueError;
use tributary_store::StoreError;
use tributary_system::SystemError;

use crate::api::NoFinalResponse;

/// Why a run failed. Defects that a run found are in its report instead.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    /// The proxy cannot bind a port.
    #[error("the proxy cannot start")]
    Proxy(#[source] std::io::Error),
    /// The system did not start or stop.
    #[error(transparent)]
    System(#[from] SystemError),
    /// PostgreSQL did not restart after a crash.
    #[error("PostgreSQL did not restart")]
    Postgres(#[from] tributary_postgres::Error),
    /// The database cannot be read after the faults.
    #[error("the database cannot be read")]
    Store(#[from] StoreError),
    /// PostgreSQL cannot be made read-only.
    #[error("a setting of PostgreSQL cannot be changed")]
    Setting(#[source] sqlx::Error),
    /// Rows cannot be locked.
    #[error("rows cannot be locked")]
    Lock(#[source] sqlx::Error),
    /// The dead-letter queue cannot be read after the faults.
    #[error("the dead-letter queue cannot be read")]
    DeadLetters(#[from] QueueError),
    /// The HTTP client cannot be created.
    #[error("the HTTP client cannot be created")]
    Client(#[from] tributary_client::Error),
    /// The API does not respond after the faults.
    #[error("the API does not respond after the faults")]
    Api(#[from] NoFinalResponse),
}
