//! A running server: start, stop, crash.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{Error, POSTGRESQL};
use crate::folder::{Folder, PidFile};
use crate::guard::{self, Guard};
use crate::options::Options;
use crate::{fetch, find, port};

/// Recovery after a crash is part of it.
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// How often another port is taken where someone was quicker on the last.
const PORT_TRIES: usize = 5;

/// Enough for every process of the local stack and a test suite that runs on all cores.
const CONNECTIONS_MAX: u32 = 400;

/// A server that runs until it is stopped, dropped, or this process dies.
#[derive(Debug)]
pub struct Postgres {
    guard: Guard,
    folder: Folder,
    port: u16,
    pid: u32,
}

impl Postgres {
    /// Starts a server, and returns when it takes connections. It has the database `postgres`.
    ///
    /// A first start may have to download server binaries, and a start on new data runs `initdb`:
    /// both can take a while, and `options.progress` is told of them.
    ///
    /// # Errors
    /// Each [`Error`]; none leaves a process or a temporary folder behind.
    pub async fn start(options: Options<'_>) -> Result<Self, Error> {
        let Options { storage, progress } = options;
        let account = Account::for_server()?;
        let mut folder = Folder::open(&storage, account, progress).await?;
        let wanted = folder.made_by();
        let mut binaries = find::installed(wanted, folder.account, progress).await?;
        if binaries.is_none() {
            binaries = Some(fetch::postgresql(wanted, folder.account, progress).await?);
        }
        let Some(binaries) = binaries else {
            return Err(Error::NoBinaries { attempts: String::new() });
        };
        if let Some(made_by) = wanted.filter(|wanted| *wanted != binaries.major) {
            let (folder, found) = (folder.path.clone(), binaries.major);
            return Err(Error::OtherVersion { folder, made_by, found });
        }
        let (version, bin) = (&binaries.version, binaries.folder.display());
        progress(&format!("starting PostgreSQL {version} from {bin}"));
        for _ in 1..PORT_TRIES {
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
        folder.is_guarded();
        match ready(&mut guard, &folder.path).await {
            Ok(pid) => Ok(Self { guard, folder, port, pid }),
            Err(error) => {
                // So that nothing is left when the caller hears of it.
                guard.stop().await?;
                Err(error)
            }
        }
    }

    /// `postgres://tributary:…@127.0.0.1:PORT/database`, with the password of this server's only
    /// user, a superuser. `database` stands in it as it is given: a plain name.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (password, port) = (&self.folder.password, self.port);
        format!("postgres://tributary:{password}@127.0.0.1:{port}/{database}")
    }

    /// The port on 127.0.0.1; it stays the same until [`stop`](Self::stop).
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

    /// Shuts down: ends all connections, writes everything, and returns when the process is gone and,
    /// if the data was temporary, its folder too.
    ///
    /// # Errors
    /// [`Error::Io`] if the server would not go, even when killed.
    pub async fn stop(self) -> Result<(), Error> {
        self.guard.stop().await.map(|_| ())
    }

    /// Crashes the server (an immediate shutdown, no connection is finished) and starts it again on
    /// the same port and data, for fault injection. Returns when it has recovered. What was committed
    /// is there again, with temporary data too.
    ///
    /// # Errors
    /// [`Error::NotStarted`] if it does not come back; the server is gone then.
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
        // What these give up is lost when the machine crashes, which ends temporary data anyway.
        // `synchronous_commit` stays on: it would lose commits when only the server crashes, as it
        // does on purpose in tests, and without fsync it costs next to nothing.
        settings.push(("fsync", "off".to_owned()));
        settings.push(("full_page_writes", "off".to_owned()));
    }
    settings
}

/// Waits until the next server that the guard starts takes connections. Gives its process id.
async fn ready(guard: &mut Guard, folder: &Path) -> Result<u32, Error> {
    let pid = guard.pid().await?;
    let deadline = Instant::now() + READY_TIMEOUT;
    loop {
        if PidFile::read(folder).is_some_and(|found| found.pid == pid && found.is_ready) {
            return Ok(pid);
        }
        if guard.has_ended() {
            return Err(Error::NotStarted { server: POSTGRESQL, reason: guard.last_words().await });
        }
        if Instant::now() > deadline {
            let reason = format!("not ready after {} s", READY_TIMEOUT.as_secs());
            return Err(Error::NotStarted { server: POSTGRESQL, reason });
        }
        tokio::time::sleep(POLL).await;
    }
}
