//! The shell that runs the server and stops it when we are gone: see `guard.sh`.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::account::Account;
use crate::error::Error;
use crate::program;

const SCRIPT: &str = include_str!("guard.sh");

/// `initdb` takes half a second on a fast machine and many seconds on a slow, busy one.
const PID_TIMEOUT: Duration = Duration::from_secs(120);
/// Longer than the script needs until it kills a server that does not stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(45);

/// What a guard is to run.
pub(crate) struct Server<'a> {
    /// What people call it.
    pub(crate) name: &'static str,
    /// `postgres`, for which the guard makes the data if need be, or `pgbouncer`.
    pub(crate) program: &'a Path,
    pub(crate) libraries: &'a [PathBuf],
    pub(crate) arguments: Vec<OsString>,
    pub(crate) account: Account,
    /// Where it writes; removed after it unless there is a lock.
    pub(crate) folder: &'a Path,
    /// The lock of a folder that outlives the server.
    pub(crate) lock: Option<&'a File>,
}

/// The running guard. Dropping it orders the server to stop, as does our death.
#[derive(Debug)]
pub(crate) struct Guard {
    name: &'static str,
    process: Child,
    orders: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Guard {
    /// Starts the guard, which starts the server. From here on the guard removes a temporary folder.
    pub(crate) fn start(server: &Server<'_>) -> Result<Self, Error> {
        let doing = || "start sh";
        let shell = Path::new("/bin/sh");
        let mut command = program::command(shell, server.libraries, server.account);
        command.args(["-c", SCRIPT, "guard"]).arg(server.program).arg(server.folder);
        command.arg(if server.lock.is_some() { "kept" } else { "temporary" });
        command.args(&server.arguments);
        // Its standard error is the lock, and held by it; what a shell says there is not lost either.
        let lock = server.lock.map(File::try_clone).transpose().map_err(Error::io(doing()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(lock.map_or_else(Stdio::null, Stdio::from));
        // Ctrl-C in a terminal is for us: we say when the server stops.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = Command::from(command).spawn().map_err(Error::io(doing()))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (orders, said) = pipes.ok_or_else(|| {
            Error::io(doing())(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
        })?;
        Ok(Self { name: server.name, process, orders, said: BufReader::new(said) })
    }

    /// The next server's process id.
    pub(crate) async fn pid(&mut self) -> Result<u32, Error> {
        let mut line = String::new();
        let read = tokio::time::timeout(PID_TIMEOUT, self.said.read_line(&mut line)).await;
        match (read, line.trim().parse()) {
            (Ok(Ok(_)), Ok(pid)) => Ok(pid),
            (Ok(Ok(_)), Err(_)) => {
                let reason = line + &self.last_words().await;
                Err(Error::NotStarted { server: self.name, reason })
            }
            (Ok(Err(error)), _) => Err(Error::io("hear from sh")(error)),
            (Err(_), _) => Err(Error::NotStarted {
                server: self.name,
                reason: format!("no data after {} s of initdb", PID_TIMEOUT.as_secs()),
            }),
        }
    }

    /// The end of the log, once the guard has ended.
    pub(crate) async fn last_words(&mut self) -> String {
        let mut said = String::new();
        let reading = self.said.read_to_string(&mut said);
        // The text is for people: what came until a failure is all there is.
        let _ = tokio::time::timeout(STOP_TIMEOUT, reading).await;
        said.trim().to_owned()
    }

    /// Whether the guard, and with it the server, has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Crashes the server and starts it again.
    pub(crate) async fn restart(&mut self) -> Result<(), Error> {
        self.orders.write_all(b"restart\n").await.map_err(Error::io("order a restart"))
    }

    /// Stops the server and waits until it has gone, and a temporary folder with it.
    pub(crate) async fn stop(self) -> Result<ExitStatus, Error> {
        let Self { name, mut process, orders, said } = self;
        drop(orders);
        let ended = tokio::time::timeout(STOP_TIMEOUT, process.wait()).await;
        drop(said);
        ended
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut)))
            .map_err(Error::io(format!("stop {name}")))
    }
}
