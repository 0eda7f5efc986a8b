//! What can go wrong with a statement, told apart by what a caller does about it.

use sqlx::error::{DatabaseError, ErrorKind};

/// A statement, a connection or a transaction that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL cannot be reached or asked now; the same call may work later.
    #[error("PostgreSQL is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// Another transaction wrote the same key first.
    #[error("the key of {constraint} is taken")]
    KeyTaken {
        /// The constraint's name in the schema.
        constraint: String,
    },
    /// Anything else: a defect of ours or of the stored data.
    #[error("a statement failed")]
    Unexpected(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether it is worth trying again at once, on another connection. That there is none to be had in
    /// time is known already.
    pub(crate) const fn is_connection_lost(&self) -> bool {
        match self {
            Self::Unavailable(error) => !matches!(error, sqlx::Error::PoolTimedOut),
            Self::KeyTaken { .. } | Self::Unexpected(_) => false,
        }
    }

    /// Whether the server did not let the login in: SQLSTATE class 28.
    pub(crate) fn is_login_refused(&self) -> bool {
        match self {
            Self::Unexpected(error) => is_login_refusal(error),
            Self::Unavailable(_) | Self::KeyTaken { .. } => false,
        }
    }

    /// The same, where a login that is refused may be let in later: while a password is being changed,
    /// the one that is kept and the one that counts differ for some moments.
    pub(crate) fn with_login_as_transient(self) -> Self {
        match self {
            Self::Unexpected(error) if is_login_refusal(&error) => Self::Unavailable(error),
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
            // A server that stops in the middle of its words: so ends a connection while it is made.
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            sqlx::Error::Database(cause) if is_unavailable(cause.as_ref()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(cause) if cause.kind() == ErrorKind::UniqueViolation => {
                Self::KeyTaken { constraint: cause.constraint().unwrap_or_default().to_owned() }
            }
            _ => Self::Unexpected(error),
        }
    }
}

fn is_login_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code.starts_with("28"))
}

/// SQLSTATE classes that pass with time: connection (08), transaction rollback such as a deadlock
/// (40), insufficient resources (53), operator intervention such as a shutdown (57), and a server
/// that fails over (25006: read-only).
fn is_unavailable(error: &dyn DatabaseError) -> bool {
    error.code().is_some_and(|code| {
        ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class)) || code == "25006"
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use crate::{Store, StoreError};

    /// Found by `tributary chaos`: it was answered with 500, as a defect, and not with 503.
    #[tokio::test]
    async fn a_connection_that_ends_while_it_is_made_may_work_later() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://nobody@{}/nothing", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                // Eight bytes ask whether the server speaks TLS; the answer is the end of the stream.
                client.read_exact(&mut [0; 8]).await.unwrap();
            }
        });
        let store = Store::connect_lazily(&url.into()).unwrap();
        let error = store.begin_for_all().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
}
