//! What report needs from its environment.

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};

/// The configuration of report.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, `DATABASE_ROLE`, `DATABASE_AUTH` and `DATABASE_SECRET_ARN`.
    pub database: DatabaseConfig,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let config = Self { database: DatabaseConfig::read(&mut environment) };
        environment.finish(config)
    }
}
