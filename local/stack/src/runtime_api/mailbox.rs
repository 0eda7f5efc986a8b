//! Where one execution environment's invocation waits to be fetched, and where its result is handed in.
//!
//! Not for deciding which environment gets an invocation: that is [`crate::lambda`].

use std::future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::invocation::FunctionError;

/// An invocation on its way to an environment.
pub(crate) struct Delivery {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// The event, JSON.
    pub(crate) payload: Bytes,
    /// An X-Ray trace header, e.g. `Root=1-5759e988-bd862e3fe1be46a994272793`.
    pub(crate) trace: String,
    /// The ARN the function is invoked by.
    pub(crate) function_arn: String,
    /// How long the function has from the moment it fetches this.
    pub(crate) timeout: Duration,
    /// Told when the environment has fetched this: its time runs from here.
    pub(crate) fetched: oneshot::Sender<()>,
    /// Told what the function made of it.
    pub(crate) outcome: oneshot::Sender<Result<Bytes, FunctionError>>,
}

/// How far an environment has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The process runs its start-up code.
    Starting,
    /// It has asked for an invocation at least once.
    Ready,
    /// It has reported that its start-up failed.
    InitFailed(FunctionError),
}

/// The two ends of one environment's exchange; one invocation is under way at a time.
pub(crate) struct Mailbox {
    post: mpsc::Sender<Delivery>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<Delivery>>,
    running: Mutex<Option<Running>>,
    phase: watch::Sender<Phase>,
}

struct Running {
    request_id: String,
    outcome: oneshot::Sender<Result<Bytes, FunctionError>>,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        let (post, waiting) = mpsc::channel(1);
        Self {
            post,
            waiting: tokio::sync::Mutex::new(waiting),
            running: Mutex::new(None),
            phase: watch::Sender::new(Phase::Starting),
        }
    }

    /// Leaves an invocation for the environment; `false` if one lies there already.
    pub(crate) fn post(&self, delivery: Delivery) -> bool {
        self.post.try_send(delivery).is_ok()
    }

    /// How far the environment has come.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Waits for the next invocation, as `GET /runtime/invocation/next` does. Safe to drop while waiting.
    pub(crate) async fn fetch(&self) -> Fetched {
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Starting;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        let Some(delivery) = self.waiting.lock().await.recv().await else {
            // Unreachable while `self.post` lives; an answer without an invocation would make the
            // runtime panic, so the poll stays open until the process is stopped.
            return future::pending().await;
        };
        let Delivery { request_id, payload, trace, function_arn, timeout, fetched, outcome } =
            delivery;
        let running = Running { request_id: request_id.clone(), outcome };
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        // The invoker waits for this; if it has gone, so has the interest in the result.
        let _ = fetched.send(());
        Fetched { request_id, payload, trace, function_arn, timeout }
    }

    /// Takes the result of the invocation under way; `false` if `request_id` is not that one.
    pub(crate) fn finish(&self, request_id: &str, result: Result<Bytes, FunctionError>) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = running.take_if(|running| running.request_id == request_id) else {
            return false;
        };
        running.outcome.send(result).is_ok()
    }

    /// Notes that the start-up code failed.
    pub(crate) fn fail_init(&self, error: FunctionError) {
        self.phase.send_replace(Phase::InitFailed(error));
    }
}

/// An invocation as the environment is told of it.
pub(crate) struct Fetched {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) trace: String,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}
