//! What admin needs from its environment.

use secrecy::SecretString;
use tributary_lambda::environment::{Environment, EnvironmentError};

/// The configuration of admin.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, of the role that owns the schema.
    pub database_url: SecretString,
    /// `DEAD_LETTER_QUEUE_URL`
    pub dead_letter_queue_url: String,
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
            dead_letter_queue_url: environment.required("DEAD_LETTER_QUEUE_URL"),
        };
        environment.finish(config)
    }
}
