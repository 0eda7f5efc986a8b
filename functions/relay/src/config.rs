//! The configuration of relay.

use tributary_lambda::backends::Backends;
use tributary_lambda::environment::{Environment, EnvironmentError};

use crate::handler::Ages;

/// The configuration of relay.
#[derive(Debug)]
pub struct Config {
    /// The database and the queue.
    pub backends: Backends,
    /// `UNSENT_AGE_MS`, `STALLED_AGE_MS` and `IDEMPOTENCY_KEY_AGE_MS`, in milliseconds.
    pub ages: Ages,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let defaults = Ages::default();
        Environment::load(|environment| Self {
            backends: Backends::read(environment),
            ages: Ages {
                unsent: environment.millis("UNSENT_AGE_MS", defaults.unsent),
                stalled: environment.millis("STALLED_AGE_MS", defaults.stalled),
                key: environment.millis("IDEMPOTENCY_KEY_AGE_MS", defaults.key),
            },
        })
    }
}
