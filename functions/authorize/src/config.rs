//! What authorize needs from its environment.

use secrecy::SecretString;
use tributary_lambda::environment::{Environment, EnvironmentError};

/// The configuration of authorize.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`
    pub database_url: SecretString,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let config = Self { database_url: environment.required_secret("DATABASE_URL") };
        environment.finish(config)
    }
}
