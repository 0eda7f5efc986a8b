//! Errors, by what a caller does about them.

use sqlx::error::{DatabaseError, ErrorKind};

/// A failed statement, connection or database transaction.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL is unavailable; the same call may succeed later.
    #[error("PostgreSQL is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// A unique constraint was violated.
    #[error("duplicate key of {constraint}")]
    DuplicateKey {
        /// The name of the constraint.
        constraint: String,
    },
    /// Anything else: a defect in the code or in the stored rows.
    #[error("a statement failed")]
    Unexpected(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether to retry at once on a new connection. Not after a timeout of the pool.
    pub(crate) const fn is_connection_lost(&self) -> bool {
        match self {
            Self::Unavailable(error) => !matches!(error, sqlx::Error::PoolTimedOut),
            Self::DuplicateKey { .. } | Self::Unexpected(_) => false,
        }
    }

    /// Whether a lock was not acquired within `lock_timeout`.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let Self::Unavailable(error) = self else { return false };
        error.as_database_error().and_then(DatabaseError::code).as_deref() == Some(LOCK_TIMEOUT)
    }

    /// Whether rows of another table still refer to a row that was to be deleted.
    pub(crate) fn is_still_referenced(&self) -> bool {
        let Self::Unexpected(error) = self else { return false };
        error.as_database_error().map(DatabaseError::kind) == Some(ErrorKind::ForeignKeyViolation)
    }

    /// Whether the server rejected the login: SQLSTATE class 28.
    pub(crate) fn is_login_rejected(&self) -> bool {
        match self {
            Self::Unexpected(error) => is_login_rejection(error),
            Self::Unavailable(_) | Self::DuplicateKey { .. } => false,
        }
    }

    /// Makes a rejected login transient: during a password rotation the stored password and that of
    /// the server differ for a moment.
    pub(crate) fn with_login_as_transient(self) -> Self {
        match self {
            Self::Unexpected(error) if is_login_rejection(&error) => Self::Unavailable(error),
            other => other,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::BeginFailed
            | sqlx::Error::WorkerCrashed
            // The server closed the connection in the middle of a message, such as during startup.
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            sqlx::Error::Database(cause) if is_unavailable(cause.as_ref()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(cause) if cause.kind() == ErrorKind::UniqueViolation => {
                Self::DuplicateKey { constraint: cause.constraint().unwrap_or_default().to_owned() }
            }
            _ => Self::Unexpected(error),
        }
    }
}

fn is_login_rejection(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code.starts_with("28"))
}

/// Transient SQLSTATE classes: connection (08), transaction rollback such as a deadlock (40),
/// insufficient resources (53), operator intervention such as a shutdown or a statement timeout
/// (57).
const TRANSIENT_CLASSES: [&str; 4] = ["08", "40", "53", "57"];

/// A lock was not acquired in time.
const LOCK_TIMEOUT: &str = "55P03";

/// Transient codes of other classes: read-only during a failover, the session was closed because a
/// database transaction was idle or open for too long, a lock was not acquired in time.
const TRANSIENT_CODES: [&str; 4] = ["25006", "25P03", "25P04", LOCK_TIMEOUT];

fn is_unavailable(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| {
        TRANSIENT_CLASSES.iter().any(|class| code.starts_with(class))
            || TRANSIENT_CODES.contains(&code.as_ref())
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use crate::{Store, StoreError};

    #[tokio::test]
    async fn connection_closed_during_startup_is_unavailable() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://user@{}/database", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                // Reads the eight bytes of an SSLRequest and closes the connection.
                client.read_exact(&mut [0; 8]).await.unwrap();
            }
        });
        let store = Store::connect_lazily(&url.into()).unwrap();
        let error = store.begin_for_all().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
}
