//! The configuration of ingest.

use std::time::Duration;

use tributary_lambda::backends::Backends;
use tributary_lambda::environment::{Environment, EnvironmentError};

/// The default of `ANNOUNCE_AFTER_MS`.
const ANNOUNCE_AFTER: Duration = Duration::from_secs(2 * 60);

/// The configuration of ingest.
#[derive(Debug)]
pub struct Config {
    /// The database and the queue.
    pub backends: Backends,
    /// `ANNOUNCE_AFTER_MS`, in milliseconds: how long after its commit relay announces a batch that
    /// no worker has claimed work of.
    pub announce_after: Duration,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Environment::load(|environment| Self {
            backends: Backends::read(environment),
            announce_after: environment.millis("ANNOUNCE_AFTER_MS", ANNOUNCE_AFTER),
        })
    }
}
