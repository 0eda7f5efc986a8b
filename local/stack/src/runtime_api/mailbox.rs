//! Passes invocations to one execution environment, and their results back to the caller.

use std::future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::invocation::FunctionError;

/// An invocation to be fetched by an environment.
pub(crate) struct Delivery {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// The event, JSON.
    pub(crate) payload: Bytes,
    /// An X-Ray trace header, e.g. `Root=1-5759e988-bd862e3fe1be46a994272793`.
    pub(crate) trace: String,
    /// The function's ARN.
    pub(crate) function_arn: String,
    /// The timeout, counted from the moment the environment fetches this.
    pub(crate) timeout: Duration,
    /// Notified when the environment fetches this.
    pub(crate) fetched: oneshot::Sender<()>,
    /// Receives the function's result.
    pub(crate) outcome: oneshot::Sender<Result<Bytes, FunctionError>>,
}

/// The phase of an environment's life cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The process runs its initialisation code.
    Starting,
    /// It has requested an invocation at least once.
    Ready,
    /// It has reported that its initialisation failed.
    InitFailed(FunctionError),
}

/// The invocations of one environment, one at a time.
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

    /// Queues an invocation; `false` if another one is queued already.
    pub(crate) fn post(&self, delivery: Delivery) -> bool {
        self.post.try_send(delivery).is_ok()
    }

    /// The environment's phase.
    pub(crate) fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Waits for the next invocation, as `GET /runtime/invocation/next` does. Cancel safe.
    pub(crate) async fn fetch(&self) -> Fetched {
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Starting;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        let Some(delivery) = self.waiting.lock().await.recv().await else {
            // Unreachable while `self.post` exists. A response without an invocation would make the
            // runtime panic, so the request stays open until the process is stopped.
            return future::pending().await;
        };
        let Delivery { request_id, payload, trace, function_arn, timeout, fetched, outcome } =
            delivery;
        let running = Running { request_id: request_id.clone(), outcome };
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        // Fails only if the caller has been dropped, in which case the result is not needed.
        let _ = fetched.send(());
        Fetched { request_id, payload, trace, function_arn, timeout }
    }

    /// Completes the running invocation; `false` if it has another request id.
    pub(crate) fn finish(&self, request_id: &str, result: Result<Bytes, FunctionError>) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = running.take_if(|running| running.request_id == request_id) else {
            return false;
        };
        running.outcome.send(result).is_ok()
    }

    /// Records that the initialisation failed.
    pub(crate) fn fail_init(&self, error: FunctionError) {
        self.phase.send_replace(Phase::InitFailed(error));
    }
}

/// An invocation that an environment has fetched.
pub(crate) struct Fetched {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) trace: String,
    pub(crate) function_arn: String,
    pub(crate) timeout: Duration,
}
