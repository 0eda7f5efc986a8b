//! What relay needs from its environment.

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};

use crate::handler::Ages;

/// The configuration of relay.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, `DATABASE_ROLE`, `DATABASE_AUTH` and `DATABASE_SECRET_ARN`.
    pub database: DatabaseConfig,
    /// `QUEUE_URL`
    pub queue_url: String,
    /// `UNSENT_AGE_MS`, `STALLED_AGE_MS` and `IDEMPOTENCY_KEY_AGE_MS`, in milliseconds.
    pub ages: Ages,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing or wrong.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let defaults = Ages::default();
        let ages = Ages {
            unsent: environment.millis("UNSENT_AGE_MS", defaults.unsent),
            stalled: environment.millis("STALLED_AGE_MS", defaults.stalled),
            key: environment.millis("IDEMPOTENCY_KEY_AGE_MS", defaults.key),
        };
        let config = Self {
            database: DatabaseConfig::read(&mut environment),
            queue_url: environment.required("QUEUE_URL"),
            ages,
        };
        environment.finish(config)
    }
}
