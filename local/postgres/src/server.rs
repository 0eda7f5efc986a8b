//! Starts, stops and crashes a PostgreSQL server.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{Error, POSTGRESQL};
use crate::folder::{Folder, PidFile};
use crate::guard::{self, Guard};
use crate::options::Options;
use crate::{fetch, find, port};

/// Includes the recovery after a crash.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Attempts to start if another process takes the chosen port.
const PORT_ATTEMPTS_MAX: usize = 5;

/// Enough for the local stack, and for a test suite that runs on all cores.
const CONNECTIONS_MAX: u32 = 400;

/// A server that runs until it is stopped or dropped, or this process ends.
#[derive(Debug)]
pub struct Postgres {
    guard: Guard,
    folder: Folder,
    port: u16,
    pid: u32,
}

impl Postgres {
    /// Starts a server and returns when it accepts connections. It has the database `postgres`.
    ///
    /// A first start may download server binaries, and a start with new data runs `initdb`. Both
    /// can take a while and are reported to `options.progress`.
    ///
    /// # Errors
    /// Any [`Error`]. No process and no temporary folder remain.
    pub async fn start(options: Options<'_>) -> Result<Self, Error> {
        let Options { storage, progress } = options;
        let account = Account::for_server()?;
        let mut folder = Folder::open(&storage, account, progress).await?;
        let wanted = folder.made_by();
        let binaries = match find::installed(wanted, folder.account, progress).await? {
            Some(binaries) => binaries,
            None => fetch::postgresql(wanted, folder.account, progress).await?,
        };
        if let Some(made_by) = wanted.filter(|wanted| *wanted != binaries.major) {
            let (folder, found) = (folder.path.clone(), binaries.major);
            return Err(Error::OtherVersion { folder, made_by, found });
        }
        let (version, bin) = (&binaries.version, binaries.folder.display());
        progress(&format!("starting PostgreSQL {version} from {bin}"));
        for _ in 1..PORT_ATTEMPTS_MAX {
            match Self::start_once(&binaries, folder).await {
                Err(error) if error.is_port_clash() => {
                    folder = Folder::open(&storage, account, progress).await?;
                }
                ended => return ended,
            }
        }
        Self::start_once(&binaries, folder).await
    }

    async fn start_once(binaries: &Binaries, mut folder: Folder) -> Result<Self, Error> {
        let port = port::free().map_err(Error::io("find a free port"))?;
        let mut arguments = vec!["-D".into(), folder.path.join("data").into_os_string()];
        for (name, value) in settings(port, folder.is_kept()) {
            arguments.extend(["-c".into(), format!("{name}={value}").into()]);
        }
        let mut guard = Guard::start(&guard::Server {
            name: POSTGRESQL,
            program: &binaries.folder.join("postgres"),
            libraries: &binaries.libraries,
            arguments,
            account: folder.account,
            folder: &folder.path,
            lock: folder.lock.as_ref(),
        })?;
        folder.release();
        match ready(&mut guard, &folder.path).await {
            Ok(pid) => Ok(Self { guard, folder, port, pid }),
            Err(error) => {
                // The process and its folder must be gone before the caller gets the error.
                guard.stop().await?;
                Err(error)
            }
        }
    }

    /// `postgres://tributary:…@127.0.0.1:PORT/database`, with the password of the only user, a
    /// superuser. `database` is not escaped.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (password, port) = (&self.folder.password, self.port);
        format!("postgres://tributary:{password}@127.0.0.1:{port}/{database}")
    }

    /// The port on 127.0.0.1. It stays the same until [`stop`](Self::stop).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server (its postmaster).
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The folder with the data and `server.log`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    /// Ends all connections, writes all data, and returns when the process has ended and a
    /// temporary folder is removed.
    ///
    /// # Errors
    /// [`Error::Io`] if the server does not end, even when killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.guard.stop().await
    }

    /// Crashes the server with an immediate shutdown and starts it again with the same port and
    /// data, for fault injection. Returns when it has recovered. Committed data survives, even with
    /// [`Storage::Temporary`](crate::Storage::Temporary).
    ///
    /// # Errors
    /// [`Error::NotStarted`] if it does not start again.
    pub async fn restart_immediately(&mut self) -> Result<(), Error> {
        self.guard.restart().await?;
        self.pid = ready(&mut self.guard, &self.folder.path).await?;
        Ok(())
    }
}

fn settings(port: u16, is_kept: bool) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", String::new()),
        ("max_connections", CONNECTIONS_MAX.to_string()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
    ];
    if !is_kept {
        // These settings risk data only if the machine crashes, which ends temporary data anyway.
        // `synchronous_commit` stays on: without it a crash of the server alone, as in tests, could
        // lose commits. Without fsync it is cheap.
        settings.push(("fsync", "off".to_owned()));
        settings.push(("full_page_writes", "off".to_owned()));
    }
    settings
}

/// Waits until the next server of the guard accepts connections. Returns its process id.
async fn ready(guard: &mut Guard, folder: &Path) -> Result<u32, Error> {
    let pid = guard.pid().await?;
    let deadline = Instant::now() + READY_TIMEOUT;
    loop {
        if PidFile::read(folder).is_some_and(|found| found.pid == pid && found.is_ready) {
            return Ok(pid);
        }
        if guard.has_ended() {
            return Err(Error::NotStarted { server: POSTGRESQL, reason: guard.log_tail().await });
        }
        if Instant::now() > deadline {
            let reason = format!("not ready after {} s", READY_TIMEOUT.as_secs());
            return Err(Error::NotStarted { server: POSTGRESQL, reason });
        }
        tokio::time::sleep(POLL).await;
    }
}
