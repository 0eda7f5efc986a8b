//! Kills the function processes if this process ends without stopping them (SIGKILL, a crash).
//!
//! An idle function exits when the Runtime API closes, but a busy one would continue to write to
//! the database. A shell reads from a pipe that this process holds open; when the pipe closes, it
//! kills the function processes. `PR_SET_PDEATHSIG` would need `unsafe`, and fires when the parent
//! thread ends.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

const SCRIPT: &str = r#"
trap '' HUP INT TERM
watched=
while read -r verb pid; do
  case $verb in
    watch) watched="$watched $pid" ;;
    remove)
      kept=
      for other in $watched; do [ "$other" = "$pid" ] || kept="$kept $other"; done
      watched=$kept ;;
  esac
done
for pid in $watched; do kill -KILL "$pid"; done 2>/dev/null
"#;

/// The shell, and the pipe that it reads from.
pub(crate) struct Guard {
    pipe: Mutex<Option<ChildStdin>>,
    shell: Mutex<Child>,
}

impl Guard {
    pub(crate) fn start() -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A separate process group does not get Ctrl-C from the terminal.
            .process_group(0)
            .spawn()?;
        Ok(Self { pipe: Mutex::new(shell.stdin.take()), shell: Mutex::new(shell) })
    }

    /// Kills `pid` if this process ends before [`Guard::remove`].
    pub(crate) fn watch(&self, pid: u32) {
        self.send("watch", pid);
    }

    /// Removes `pid`, which has ended.
    pub(crate) fn remove(&self, pid: u32) {
        self.send("remove", pid);
    }

    /// Does not block in practice: the shell reads faster than processes start.
    fn send(&self, verb: &str, pid: u32) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = pipe.as_mut()
            && let Err(error) = writeln!(pipe, "{verb} {pid}")
        {
            tracing::warn!(pid, %error, "the process guard has stopped");
        }
    }

    /// Closes the pipe and waits for the shell.
    pub(crate) fn stop(&self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.shell.lock().unwrap_or_else(PoisonError::into_inner).wait();
        if let Err(error) = ended {
            tracing::warn!(%error, "waiting for the process guard failed");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}
