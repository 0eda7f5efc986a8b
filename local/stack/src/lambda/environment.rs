//! An execution environment: one process of a function, which handles one invocation at a time.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::guard::Guard;
use crate::invocation::{FunctionError, InvokeError};
use crate::runtime_api::{Delivery, Mailbox, Phase};

/// How long a process may take to request its first event, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long after SIGTERM a process gets SIGKILL.
const TERMINATION_GRACE: Duration = Duration::from_secs(2);

/// One process and its mailbox.
pub(crate) struct Environment {
    id: String,
    pid: u32,
    mailbox: Arc<Mailbox>,
    commands: mpsc::UnboundedSender<ProcessSignal>,
    has_exited: Arc<AtomicBool>,
    exit: watch::Receiver<Option<String>>,
}

/// An event to deliver.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) trace: String,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}

/// The result of delivering an event to an environment.
pub(crate) enum Attempt {
    /// The function returned this payload, after this duration.
    Completed(Bytes, Duration),
    /// The invocation failed.
    Failed(InvokeError),
    /// A warm process ended before it fetched the event: it can be delivered to another
    /// environment.
    NotDelivered,
}

/// The output pipes of a process.
pub(crate) struct Output {
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

#[derive(Clone, Copy)]
enum ProcessSignal {
    Kill,
    Terminate,
}

impl Environment {
    /// Starts the process. `on_exit` runs when it has ended, before callers that wait for its end
    /// resume.
    pub(crate) fn start(
        id: String,
        mut command: Command,
        mailbox: Arc<Mailbox>,
        guard: &Arc<Guard>,
        on_exit: impl FnOnce() + Send + 'static,
    ) -> io::Result<(Self, Output)> {
        let mut child = command.spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("the process ended at once"))?;
        guard.watch(pid);
        let output = Output { stdout: child.stdout.take(), stderr: child.stderr.take() };
        let (commands, received) = mpsc::unbounded_channel();
        let (ended, exit) = watch::channel(None);
        let has_exited = Arc::new(AtomicBool::new(false));
        let guard = Arc::clone(guard);
        let exited = Arc::clone(&has_exited);
        tokio::spawn(async move {
            let reason = supervise(child, pid, received).await;
            guard.remove(pid);
            // Before `on_exit`: `Function::admit` reads it under the lock that `on_exit` takes.
            exited.store(true, Ordering::SeqCst);
            on_exit();
            ended.send_replace(Some(reason));
        });
        Ok((Self { id, pid, mailbox, commands, has_exited, exit }, output))
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.has_exited.load(Ordering::SeqCst)
    }

    /// Delivers an event and waits for the result, the end of the process or the timeout.
    pub(crate) async fn invoke(&self, event: Event) -> Attempt {
        let (fetched, was_fetched) = oneshot::channel();
        let (outcome, result) = oneshot::channel();
        let Event { request_id, payload, trace, function_arn, timeout } = event;
        let delivery =
            Delivery { request_id, payload, trace, function_arn, timeout, fetched, outcome };
        if !self.mailbox.post(delivery) {
            return Attempt::NotDelivered;
        }
        let started = tokio::select! {
            biased;
            Ok(()) = was_fetched => Instant::now(),
            reason = self.exited() => return self.not_fetched(reason),
            () = sleep(INIT_TIMEOUT) => {
                self.kill().await;
                return self.not_fetched(format!("no request for an event within {INIT_TIMEOUT:?}"));
            }
        };
        tokio::select! {
            biased;
            Ok(result) = result => match result {
                Ok(payload) => Attempt::Completed(payload, started.elapsed()),
                Err(error) => Attempt::Failed(InvokeError::Function(error)),
            },
            reason = self.exited() => Attempt::Failed(InvokeError::Exited(reason)),
            () = sleep(timeout) => {
                self.kill().await;
                Attempt::Failed(InvokeError::TimedOut(timeout))
            }
        }
    }

    fn not_fetched(&self, reason: String) -> Attempt {
        match self.mailbox.phase() {
            Phase::Ready => Attempt::NotDelivered,
            Phase::InitFailed(error) => Attempt::Failed(InvokeError::Init(error)),
            Phase::Starting => {
                let error = FunctionError::new("Runtime.ExitError", reason);
                Attempt::Failed(InvokeError::Init(error))
            }
        }
    }

    /// Sends SIGKILL and waits until the process has ended.
    pub(crate) async fn kill(&self) {
        self.signal(ProcessSignal::Kill);
        self.exited().await;
    }

    /// Sends SIGTERM, and SIGKILL after [`TERMINATION_GRACE`]. Waits until the process has ended.
    pub(crate) async fn terminate(&self) {
        self.signal(ProcessSignal::Terminate);
        if timeout(TERMINATION_GRACE, self.exited()).await.is_err() {
            self.kill().await;
        }
    }

    fn signal(&self, signal: ProcessSignal) {
        // Fails only if the process has ended already.
        let _ = self.commands.send(signal);
    }

    /// Waits for the end of the process and returns how it ended.
    async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_supervisor_gone) => "its supervisor was cancelled".to_owned(),
        }
    }
}

/// Sends signals to the process until it has ended. Only this task sends them, so that no signal
/// reaches another process that reuses the id.
async fn supervise(
    mut child: Child,
    pid: u32,
    mut commands: mpsc::UnboundedReceiver<ProcessSignal>,
) -> String {
    loop {
        tokio::select! {
            status = child.wait() => return describe(status),
            Some(signal) = commands.recv() => {
                let sent = match signal {
                    ProcessSignal::Kill => child.start_kill(),
                    ProcessSignal::Terminate => terminate(pid),
                };
                if let Err(error) = sent {
                    tracing::warn!(pid, %error, "a signal could not be sent to a function process");
                }
            }
        }
    }
}

fn terminate(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    let pid = Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, Signal::TERM)?)
}

fn describe(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("waiting for the process failed: {error}"),
    }
}
