//! The configuration of relay.

use std::time::Duration;

use tributary_lambda::backends::Backends;
use tributary_lambda::environment::{Environment, EnvironmentError};

use crate::handler::REQUEUE_AFTER;
use crate::retention::Retention;

/// The configuration of relay.
#[derive(Debug)]
pub struct Config {
    /// The database and the queue.
    pub backends: Backends,
    /// `REQUEUE_AFTER_MS`, in milliseconds: after how long without progress a batch is announced
    /// again.
    pub requeue_after: Duration,
    /// The variables that end with `RETENTION_DAYS`.
    pub retention: Retention,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Environment::load(|environment| Self {
            backends: Backends::read(environment),
            requeue_after: environment.millis("REQUEUE_AFTER_MS", REQUEUE_AFTER),
            retention: Retention::read(environment),
        })
    }
}
