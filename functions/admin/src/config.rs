//! What admin needs from its environment.

use std::str::FromStr;

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
    /// `DATABASE_ROLES_AUTH`: whether the functions log in as their roles, by `iam`, or do not.
    pub roles_log_in: bool,
}

/// `DATABASE_ROLES_AUTH`: with an IAM token each, as RDS takes them.
struct Iam;

impl FromStr for Iam {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        (text == "iam").then_some(Self).ok_or(())
    }
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
            roles_log_in: environment.optional::<Iam>("DATABASE_ROLES_AUTH").is_some(),
        };
        environment.finish(config)
    }
}
