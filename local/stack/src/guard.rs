//! Ends the function processes when this process dies without being able to (SIGKILL, a crash).
//!
//! A function that waits for its next event ends by itself when the Runtime API goes away; one that is
//! busy would go on writing to the database until it is done. A shell that holds the other end of a pipe
//! notices our end at once and kills them, as a power failure would. It needs no `unsafe`, unlike
//! `PR_SET_PDEATHSIG`, which moreover follows the thread that started the process, not us.

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

/// The shell, and the pipe whose end it waits for.
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
            // Not in the terminal's group, whose Ctrl-C may end it before us.
            .process_group(0)
            .spawn()?;
        Ok(Self { pipe: Mutex::new(shell.stdin.take()), shell: Mutex::new(shell) })
    }

    /// Kills `pid` if we die before [`Guard::remove`].
    pub(crate) fn watch(&self, pid: u32) {
        self.tell("watch", pid);
    }

    /// `pid` has ended.
    pub(crate) fn remove(&self, pid: u32) {
        self.tell("remove", pid);
    }

    /// A line goes into the pipe at once: the shell reads far faster than processes start.
    fn tell(&self, verb: &str, pid: u32) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = pipe.as_mut()
            && let Err(error) = writeln!(pipe, "{verb} {pid}")
        {
            tracing::warn!(pid, %error, "the guard of the function processes is gone");
        }
    }

    /// Lets the shell end and waits for it.
    pub(crate) fn stop(&self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.shell.lock().unwrap_or_else(PoisonError::into_inner).wait();
        if let Err(error) = ended {
            tracing::warn!(%error, "the guard of the function processes could not be waited for");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}
