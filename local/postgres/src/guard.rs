//! The shell that runs the server and stops it when this process ends: see `guard.sh`.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
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

/// The server that a guard runs.
pub(crate) struct Server<'a> {
    /// The name in messages.
    pub(crate) name: &'static str,
    /// `pgbouncer`, or `postgres`, for which the guard runs `initdb` if there is no data.
    pub(crate) program: &'a Path,
    pub(crate) libraries: &'a [PathBuf],
    pub(crate) arguments: Vec<OsString>,
    pub(crate) account: Account,
    /// The folder for its files. The guard removes it at the end unless there is a lock.
    pub(crate) folder: &'a Path,
    /// The lock of a folder that is kept.
    pub(crate) lock: Option<&'a File>,
}

/// A running guard. The server stops when it is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Guard {
    name: &'static str,
    process: Child,
    commands: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Guard {
    /// Starts the guard, which starts the server. The guard removes a temporary folder at the end.
    pub(crate) fn start(server: &Server<'_>) -> Result<Self, Error> {
        let doing = "start sh";
        let mut command = program::command(Path::new("/bin/sh"), server.libraries, server.account);
        command.args(["-c", SCRIPT, "guard"]).arg(server.program).arg(server.folder);
        command.arg(if server.lock.is_some() { "kept" } else { "temporary" });
        command.args(&server.arguments);
        // The guard holds the lock as its standard error, which also keeps errors of the shell.
        let lock = server.lock.map(File::try_clone).transpose().map_err(Error::io(doing))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(lock.map_or_else(Stdio::null, Stdio::from));
        // Ctrl-C in a terminal must reach only this process, which then stops the server.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = Command::from(command).spawn().map_err(Error::io(doing))?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (commands, output) = pipes.ok_or_else(|| {
            Error::io(doing)(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
        })?;
        Ok(Self { name: server.name, process, commands, output: BufReader::new(output) })
    }

    /// Waits for the process id of the next server.
    pub(crate) async fn pid(&mut self) -> Result<u32, Error> {
        let mut line = String::new();
        let read = tokio::time::timeout(PID_TIMEOUT, self.output.read_line(&mut line)).await;
        match (read, line.trim().parse()) {
            (Ok(Ok(_)), Ok(pid)) => Ok(pid),
            (Ok(Ok(_)), Err(_)) => {
                let reason = line + &self.log_tail().await;
                Err(Error::NotStarted { server: self.name, reason })
            }
            (Ok(Err(error)), _) => Err(Error::io("read from sh")(error)),
            (Err(_), _) => Err(Error::NotStarted {
                server: self.name,
                reason: format!("no data after {} s of initdb", PID_TIMEOUT.as_secs()),
            }),
        }
    }

    /// Waits for the guard to end and returns the last lines of the log.
    pub(crate) async fn log_tail(&mut self) -> String {
        let mut lines = String::new();
        let reading = self.output.read_to_string(&mut lines);
        // After a timeout or an error the lines until then are still useful.
        let _ = tokio::time::timeout(STOP_TIMEOUT, reading).await;
        lines.trim().to_owned()
    }

    /// Whether the guard, and with it the server, has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().is_ok_and(|ended| ended.is_some())
    }

    /// Crashes and restarts the server.
    pub(crate) async fn restart(&mut self) -> Result<(), Error> {
        self.commands.write_all(b"restart\n").await.map_err(Error::io("request a restart"))
    }

    /// Stops the server and waits until it has ended and a temporary folder is removed.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        let Self { name, mut process, commands, output } = self;
        drop(commands);
        let ended = tokio::time::timeout(STOP_TIMEOUT, process.wait()).await;
        drop(output);
        ended
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut)))
            .map(|_| ())
            .map_err(Error::io(format!("stop {name}")))
    }
}
