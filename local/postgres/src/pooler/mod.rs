//! A running PgBouncer in transaction mode, in front of a server: start, stop.

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
/// A refusal can pass: the port may be another's, which ours then finds out, or the server busy.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// How often another port is taken where someone was quicker on the last.
const PORT_TRIES: usize = 5;

/// A pooler that runs until it is stopped, dropped, or this process dies.
///
/// A transaction gets whichever of a few server connections is free and gives it back at its end:
/// what a client leaves on a connection beyond that, such as a named statement, is lost to it and
/// in the way of the next.
#[derive(Debug)]
pub struct Pooler {
    guard: Guard,
    target: Target,
    folder: PathBuf,
    port: u16,
    pid: u32,
}

impl Pooler {
    /// Starts a pooler for the server of `server_url`, with every database of it and for the URL's user
    /// alone, and returns when it has let that user through to the URL's database.
    ///
    /// A first start may have to download PgBouncer, which `progress` is told of. What else the URL
    /// says, such as its TLS mode, does not count.
    ///
    /// # Errors
    /// Each [`Error`]; none leaves a process or a folder behind.
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
        for _ in 1..PORT_TRIES {
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
        // The guard removes it from here on.
        let folder = folder.keep();
        let mut pooler = Self { guard, target: target.clone(), folder, port, pid: 0 };
        match pooler.ready().await {
            Ok(pid) => Ok(Self { pid, ..pooler }),
            Err(error) => {
                // So that nothing is left when the caller hears of it.
                pooler.stop().await?;
                Err(error)
            }
        }
    }

    /// `postgres://…@127.0.0.1:PORT/database`, with the user and the password of the server's URL.
    /// `database` stands in it as it is given: a plain name.
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

    /// Cuts every connection through it, and returns when the process and its folder are gone.
    ///
    /// # Errors
    /// [`Error::Io`] if it would not go, even when killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.guard.stop().await.map(|_| ())
    }

    /// Waits until it lets the user through to the server. Gives its process id.
    async fn ready(&mut self) -> Result<u32, Error> {
        let pid = self.guard.pid().await?;
        let url = self.url(&self.target.database);
        let begun = Instant::now();
        loop {
            let left = READY_TIMEOUT.saturating_sub(begun.elapsed());
            let (refusal, patience) =
                match tokio::time::timeout(left, PgConnection::connect(&url)).await {
                    Ok(Ok(connection)) => match connection.close().await {
                        Ok(()) => return Ok(pid),
                        Err(error) => (error.to_string(), READY_TIMEOUT),
                    },
                    Ok(Err(sqlx::Error::Database(error))) => (error.to_string(), REFUSED_TIMEOUT),
                    Ok(Err(error)) => (error.to_string(), READY_TIMEOUT),
                    Err(_) => ("no answer".to_owned(), READY_TIMEOUT),
                };
            if self.guard.has_ended() {
                let reason = self.guard.last_words().await;
                return Err(Error::NotStarted { server: PGBOUNCER, reason });
            }
            if begun.elapsed() >= patience {
                let reason = format!("no way through it to the server: {refusal}");
                return Err(Error::NotStarted { server: PGBOUNCER, reason });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
