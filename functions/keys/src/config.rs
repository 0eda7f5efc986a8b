//! The configuration of keys.

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};
use tributary_lambda::peppers::PepperSources;

/// The configuration of keys.
#[derive(Debug)]
pub struct Config {
    /// The variables that begin with `DATABASE_`.
    pub database: DatabaseConfig,
    /// The variables that begin with `API_KEY_PEPPER`. New keys are hashed under the current one.
    pub peppers: PepperSources,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Environment::load(|environment| Self {
            database: DatabaseConfig::read(environment),
            peppers: PepperSources::read(environment),
        })
    }
}
