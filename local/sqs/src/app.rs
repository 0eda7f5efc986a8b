//! The state that all requests of an endpoint share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::faults::Faults;

/// The shared state.
#[derive(Debug)]
pub(crate) struct App {
    broker: Mutex<Broker>,
    pub(crate) faults: Arc<Faults>,
    /// Cancelled when the endpoint stops.
    pub(crate) stopping: CancellationToken,
}

impl App {
    /// An endpoint without queues and without faults; queue URLs start with `endpoint_url`.
    pub(crate) fn new(endpoint_url: String) -> App {
        App {
            broker: Mutex::new(Broker::new(endpoint_url)),
            faults: Arc::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Locks the queues. Callers never hold the guard across an await, so a long poll does not
    /// block other requests.
    pub(crate) fn broker(&self) -> MutexGuard<'_, Broker> {
        self.broker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
