//! The errors of this crate.

use std::io;
use std::path::PathBuf;

/// The names of the two servers in messages.
pub(crate) const POSTGRESQL: &str = "PostgreSQL";
pub(crate) const PGBOUNCER: &str = "PgBouncer";

/// Why no server is running.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server binaries are installed, and all downloads failed.
    #[error(
        "no PostgreSQL server found, and none could be downloaded:\n{attempts}\nInstall one \
         (apt-get install postgresql, or brew install postgresql@17), or set DATABASE_URL to a \
         running one."
    )]
    NoBinaries {
        /// One line for each source, with the reason for its failure.
        attempts: String,
    },
    /// `TRIBUTARY_POSTGRES_BIN` is not a usable folder.
    #[error("TRIBUTARY_POSTGRES_BIN is {}: {reason}", .folder.display())]
    ChosenBinaries {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Another server uses the data folder.
    #[error(
        "{} is in use by a PostgreSQL server{}{}",
        .folder.display(),
        optional(" with process id ", *.pid),
        optional(" on port ", *.port)
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process id of the other server, if known.
        pid: Option<u32>,
        /// The port of the other server, if known.
        port: Option<u32>,
    },
    /// The data belongs to another major version.
    #[error(
        "{} was created by PostgreSQL {made_by}, but version {found} was found: install {made_by}, \
         or remove the folder",
        .folder.display()
    )]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// Major version of the data.
        made_by: u32,
        /// Major version of the binaries.
        found: u32,
    },
    /// No PgBouncer is installed, and the download failed.
    #[error(
        "no pgbouncer found, and none could be downloaded ({attempt}): install it \
         (apt-get install pgbouncer, or brew install pgbouncer)"
    )]
    NoPooler {
        /// The reason for the failure.
        attempt: String,
    },
    /// The server ended or did not become ready.
    #[error("{server} did not start: {reason}")]
    NotStarted {
        /// PostgreSQL or PgBouncer.
        server: &'static str,
        /// The reason, with the last lines of the log of the server.
        reason: String,
    },
    /// An operation of the operating system failed.
    #[error("cannot {doing}")]
    Io {
        /// The operation, as in "cannot …".
        doing: String,
        /// The cause.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: adds the operation that failed.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether another process uses the port. PostgreSQL has no exit status for this.
    /// `LC_ALL=C` makes the message reliable.
    pub(crate) fn is_port_clash(&self) -> bool {
        matches!(self, Self::NotStarted { reason, .. } if reason.contains("Address already in use"))
    }
}

fn optional(prefix: &str, number: Option<u32>) -> String {
    number.map(|number| format!("{prefix}{number}")).unwrap_or_default()
}
