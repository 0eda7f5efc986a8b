//! An execution environment: one process of a function, which handles one invocation at a time.
//!
//! `function.rs` decides when an environment is reused; the Lambda service starts it.

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

/// How long a process may take before it asks for its first event, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a process may take to end after SIGTERM before it gets SIGKILL.
const TERMINATION_GRACE: Duration = Duration::from_secs(2);

/// One process and its mailbox.
pub(crate) struct Environment {
    id: String,
    pid: u32,
    mailbox: Arc<Mailbox>,
    orders: mpsc::UnboundedSender<Order>,
    gone: Arc<AtomicBool>,
    exit: watch::Receiver<Option<String>>,
}

/// An event to be delivered.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) trace: String,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}

/// What came of handing an event to an environment.
pub(crate) enum Attempt {
    /// The function answered, after this long.
    Answered(Bytes, Duration),
    /// It did not, or not well.
    Failed(InvokeError),
    /// The process had served before and ended without seeing this event: another may have it.
    NeverSeen,
}

/// What a process writes.
pub(crate) struct Output {
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

#[derive(Clone, Copy)]
enum Order {
    Kill,
    Terminate,
}

impl Environment {
    /// Starts the process; `on_exit` runs once it has ended, before those who wait for its end go on.
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
        let (orders, received) = mpsc::unbounded_channel();
        let (ended, exit) = watch::channel(None);
        let gone = Arc::new(AtomicBool::new(false));
        let guard = Arc::clone(guard);
        let is_gone = Arc::clone(&gone);
        tokio::spawn(async move {
            let how = supervise(child, pid, received).await;
            guard.remove(pid);
            // Before `on_exit`: whoever enters this environment into a list looks here under that list's lock.
            is_gone.store(true, Ordering::SeqCst);
            on_exit();
            ended.send_replace(Some(how));
        });
        Ok((Self { id, pid, mailbox, orders, gone, exit }, output))
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// Hands an event over and waits for the answer, the end of the process or the end of its time.
    pub(crate) async fn invoke(&self, event: Event) -> Attempt {
        let (fetched, was_fetched) = oneshot::channel();
        let (outcome, result) = oneshot::channel();
        let Event { request_id, payload, trace, function_arn, timeout } = event;
        let delivery =
            Delivery { request_id, payload, trace, function_arn, timeout, fetched, outcome };
        if !self.mailbox.post(delivery) {
            return Attempt::NeverSeen;
        }
        let started = tokio::select! {
            biased;
            Ok(()) = was_fetched => Instant::now(),
            how = self.exited() => return self.not_fetched(how),
            () = sleep(INIT_TIMEOUT) => {
                self.kill().await;
                return self.not_fetched(format!("no request for an event within {INIT_TIMEOUT:?}"));
            }
        };
        tokio::select! {
            biased;
            Ok(result) = result => match result {
                Ok(payload) => Attempt::Answered(payload, started.elapsed()),
                Err(error) => Attempt::Failed(InvokeError::Function(error)),
            },
            how = self.exited() => Attempt::Failed(InvokeError::Exited(how)),
            () = sleep(timeout) => {
                self.kill().await;
                Attempt::Failed(InvokeError::TimedOut(timeout))
            }
        }
    }

    fn not_fetched(&self, how: String) -> Attempt {
        match self.mailbox.phase() {
            Phase::Ready => Attempt::NeverSeen,
            Phase::InitFailed(error) => Attempt::Failed(InvokeError::Init(error)),
            Phase::Starting => {
                let error = FunctionError::new("Runtime.ExitError", how);
                Attempt::Failed(InvokeError::Init(error))
            }
        }
    }

    /// Sends SIGKILL and waits until the process is gone.
    pub(crate) async fn kill(&self) {
        self.order(Order::Kill);
        self.exited().await;
    }

    /// Sends SIGTERM, after a grace SIGKILL, and waits until the process is gone.
    pub(crate) async fn terminate(&self) {
        self.order(Order::Terminate);
        if timeout(TERMINATION_GRACE, self.exited()).await.is_err() {
            self.kill().await;
        }
    }

    fn order(&self, order: Order) {
        // Nobody listens once the process has ended: then there is nothing to do.
        let _ = self.orders.send(order);
    }

    /// Waits for the end of the process; says how it ended.
    async fn exited(&self) -> String {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(how) => how.clone().unwrap_or_default(),
            Err(_supervisor_gone) => "its supervisor was cancelled".to_owned(),
        }
    }
}

/// Waits for the process to end and carries out orders; the only place that signals it, so that no
/// signal can reach another process that was given the same id.
async fn supervise(
    mut child: Child,
    pid: u32,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> String {
    loop {
        tokio::select! {
            status = child.wait() => return describe(status),
            Some(order) = orders.recv() => {
                let sent = match order {
                    Order::Kill => child.start_kill(),
                    Order::Terminate => terminate(pid),
                };
                if let Err(error) = sent {
                    tracing::warn!(pid, %error, "a function process could not be signalled");
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
        Err(error) => format!("it could not be waited for: {error}"),
    }
}
