//! The configuration of admin.

use std::str::FromStr;

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};
use tributary_lambda::peppers::PepperSources;

/// The configuration of admin.
#[derive(Debug)]
pub struct Config {
    /// The variables that begin with `DATABASE_`. The login is the owner of the schema.
    pub database: DatabaseConfig,
    /// `DEAD_LETTER_QUEUE_URL`
    pub dead_letter_queue_url: String,
    /// The variables that begin with `API_KEY_PEPPER`.
    pub peppers: PepperSources,
    /// `DATABASE_ROLES_AUTH`: whether the functions log in as their own roles. The only value is
    /// `iam`.
    pub roles_log_in: bool,
}

/// The value of `DATABASE_ROLES_AUTH`.
struct Iam;

impl FromStr for Iam {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        (text == "iam").then_some(Self).ok_or(())
    }
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Environment::load(|environment| Self {
            database: DatabaseConfig::read(environment),
            dead_letter_queue_url: environment.required("DEAD_LETTER_QUEUE_URL"),
            peppers: PepperSources::read(environment),
            roles_log_in: environment.optional::<Iam>("DATABASE_ROLES_AUTH").is_some(),
        })
    }
}
