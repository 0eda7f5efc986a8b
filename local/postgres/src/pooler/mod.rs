//! Starts and stops PgBouncer in transaction mode in front of a server.

mod config;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::account::Account;
use crate::error::{Error, PGBOUNCER};
use crate::guard::{self, Guard};
use crate::options::Progress;
use crate::pooler_binary::PoolerBinary;
use crate::{fetch, folder, port};
use config::Target;

const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// An error response can be temporary: the server may be busy, or another process may have the
/// port, which PgBouncer then reports.
const REJECTED_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Attempts to start if another process takes the chosen port.
const PORT_ATTEMPTS_MAX: usize = 5;

/// A pooler that runs until it is stopped or dropped, or this process ends.
///
/// Each transaction uses any free server connection. State of the session, such as a named
/// statement, is lost after the transaction and can affect the next client of the connection.
#[derive(Debug)]
pub struct Pooler {
    guard: Guard,
    target: Target,
    folder: PathBuf,
    port: u16,
    pid: u32,
}

impl Pooler {
    /// Starts a pooler for all databases of the server of `server_url`, but only for the user in
    /// that URL. Returns when this user can connect to the database of the URL.
    ///
    /// A first start may download PgBouncer, which is reported to `progress`. Parameters of the URL
    /// such as the TLS mode are ignored.
    ///
    /// # Errors
    /// Any [`Error`]. No process and no folder remain.
    pub async fn start(server_url: &str, progress: Progress<'_>) -> Result<Self, Error> {
        let account = Account::for_server()?;
        let target = Target::parse(server_url)
            .map_err(|reason| Error::NotStarted { server: PGBOUNCER, reason })?;
        let binary = match PoolerBinary::installed(account, progress).await {
            Some(binary) => binary,
            None => fetch::pooler(account, progress).await?,
        };
        let (version, program) = (&binary.version, binary.program.display());
        progress(&format!("starting PgBouncer {version}, {program}"));
        for _ in 1..PORT_ATTEMPTS_MAX {
            match Self::start_once(&binary, &target, account).await {
                Err(error) if error.is_port_clash() => {}
                ended => return ended,
            }
        }
        Self::start_once(&binary, &target, account).await
    }

    async fn start_once(
        binary: &PoolerBinary,
        target: &Target,
        account: Account,
    ) -> Result<Self, Error> {
        let port = port::free().map_err(Error::io("find a free port"))?;
        let folder = folder::temporary("tributary-pgbouncer-", account)?;
        let config = config::write(folder.path(), target, port, binary, account)?;
        let guard = Guard::start(&guard::Server {
            name: PGBOUNCER,
            program: &binary.program,
            libraries: &binary.libraries,
            arguments: vec![config.into_os_string()],
            account,
            folder: folder.path(),
            lock: None,
        })?;
        // The guard removes it.
        let folder = folder.keep();
        let mut pooler = Self { guard, target: target.clone(), folder, port, pid: 0 };
        match pooler.ready().await {
            Ok(pid) => Ok(Self { pid, ..pooler }),
            Err(error) => {
                // The process and its folder must be gone before the caller gets the error.
                pooler.stop().await?;
                Err(error)
            }
        }
    }

    /// `postgres://…@127.0.0.1:PORT/database`, with the user and the password of the server's URL.
    /// `database` is not escaped.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (credentials, port) = (&self.target.credentials, self.port);
        format!("postgres://{credentials}@127.0.0.1:{port}/{database}")
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the pooler.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The folder with its configuration and `server.log`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes every connection, and returns when the process has ended and its folder is removed.
    ///
    /// # Errors
    /// [`Error::Io`] if the pooler does not end, even when killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.guard.stop().await
    }

    /// Waits until the user can connect to the server. Returns the process id of the pooler.
    async fn ready(&mut self) -> Result<u32, Error> {
        let pid = self.guard.pid().await?;
        let url = self.url(&self.target.database);
        let started = Instant::now();
        loop {
            let left = READY_TIMEOUT.saturating_sub(started.elapsed());
            let (cause, limit) = match tokio::time::timeout(left, PgConnection::connect(&url)).await
            {
                Ok(Ok(connection)) => match connection.close().await {
                    Ok(()) => return Ok(pid),
                    Err(error) => (error.to_string(), READY_TIMEOUT),
                },
                Ok(Err(sqlx::Error::Database(error))) => (error.to_string(), REJECTED_TIMEOUT),
                Ok(Err(error)) => (error.to_string(), READY_TIMEOUT),
                Err(_) => ("no response".to_owned(), READY_TIMEOUT),
            };
            if self.guard.has_ended() {
                let reason = self.guard.log_tail().await;
                return Err(Error::NotStarted { server: PGBOUNCER, reason });
            }
            if started.elapsed() >= limit {
                let reason = format!("cannot connect to the server through it: {cause}");
                return Err(Error::NotStarted { server: PGBOUNCER, reason });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
