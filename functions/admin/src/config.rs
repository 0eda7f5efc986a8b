//! What admin needs from its environment.

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};
use tributary_lambda::peppers::PepperSources;

/// The configuration of admin.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, of the role that owns the schema, `DATABASE_AUTH` and `DATABASE_SECRET_ARN`.
    pub database: DatabaseConfig,
    /// `DEAD_LETTER_QUEUE_URL`
    pub dead_letter_queue_url: String,
    /// `API_KEY_PEPPER` or `API_KEY_PEPPER_SECRET_ARN`, and the one before it
    pub peppers: PepperSources,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let config = Self {
            database: DatabaseConfig::read(&mut environment),
            dead_letter_queue_url: environment.required("DEAD_LETTER_QUEUE_URL"),
            peppers: PepperSources::from_environment(&mut environment),
        };
        environment.finish(config)
    }
}
