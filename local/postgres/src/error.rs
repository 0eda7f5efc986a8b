//! What can go wrong, by what the caller can do about it.

use std::io;
use std::path::PathBuf;

/// The names of the two servers in messages.
pub(crate) const POSTGRESQL: &str = "PostgreSQL";
pub(crate) const PGBOUNCER: &str = "PgBouncer";

/// Why no server is running.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server binaries are installed and none could be had. `attempts` has a line for each way.
    #[error(
        "no PostgreSQL server found and none could be had:\n{attempts}\nInstall one \
         (apt-get install postgresql, or brew install postgresql@17), or set DATABASE_URL to a running one."
    )]
    NoBinaries {
        /// One line for each way that was tried, and why it failed.
        attempts: String,
    },
    /// `TRIBUTARY_POSTGRES_BIN` names a folder that cannot be used.
    #[error("TRIBUTARY_POSTGRES_BIN is {}: {reason}", .folder.display())]
    ChosenBinaries {
        /// The folder it names.
        folder: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// Another server is using the kept data folder.
    #[error("{} is in use by a PostgreSQL server{}{}", .folder.display(), named(" with process id ", *.pid), named(" on port ", *.port))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The other server's process, if it has got as far as saying so.
        pid: Option<u32>,
        /// The other server's port, likewise.
        port: Option<u32>,
    },
    /// The data was written by another major version, which this one cannot read.
    #[error("{} was made by PostgreSQL {made_by}, and {found} is what was found: install {made_by}, or remove the folder", .folder.display())]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// Major version that wrote the data.
        made_by: u32,
        /// Major version of the binaries.
        found: u32,
    },
    /// No PgBouncer is installed and none could be had.
    #[error(
        "no pgbouncer found and none could be had ({attempt}): install it \
         (apt-get install pgbouncer, or brew install pgbouncer)"
    )]
    NoPooler {
        /// How it was tried to get one, and why that failed.
        attempt: String,
    },
    /// The server ended, or never got ready. `reason` ends with the last lines of its log.
    #[error("{server} did not start: {reason}")]
    NotStarted {
        /// PostgreSQL or PgBouncer.
        server: &'static str,
        /// What happened, and what the server said.
        reason: String,
    },
    /// The operating system refused something.
    #[error("cannot {doing}")]
    Io {
        /// What was being done, as in "cannot …".
        doing: String,
        /// Its answer.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: names what was being done when the system refused.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Whether another process took the port. PostgreSQL has no exit status of its own for this;
    /// `LC_ALL=C` makes the text reliable.
    pub(crate) fn is_port_clash(&self) -> bool {
        matches!(self, Self::NotStarted { reason, .. } if reason.contains("Address already in use"))
    }
}

fn named(prefix: &str, number: Option<u32>) -> String {
    number.map(|number| format!("{prefix}{number}")).unwrap_or_default()
}
