//! What ingest needs from its environment.

use secrecy::SecretString;
use tributary_lambda::environment::{Environment, EnvironmentError};

/// The configuration of ingest.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`
    pub database_url: SecretString,
    /// `QUEUE_URL`
    pub queue_url: String,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let config = Self {
            database_url: environment.required_secret("DATABASE_URL"),
            queue_url: environment.required("QUEUE_URL"),
        };
        environment.finish(config)
    }
}
