//! What enrich needs from its environment.

use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};

use crate::latency::LatencyRange;
use crate::worker::Limits;

/// The configuration of enrich.
#[derive(Debug)]
pub struct Config {
    /// `DATABASE_URL`, `DATABASE_ROLE`, `DATABASE_AUTH` and `DATABASE_SECRET_ARN`.
    pub database: DatabaseConfig,
    /// `QUEUE_URL`
    pub queue_url: String,
    /// `LEASE_MS` and `STOP_BEFORE_DEADLINE_MS`, in milliseconds.
    pub limits: Limits,
    /// `SIMULATED_LATENCY_MS`, such as `500-1000`; off where it is not set.
    pub simulated_latency: Option<LatencyRange>,
}

impl Config {
    /// Reads it from the process's variables.
    ///
    /// # Errors
    /// [`EnvironmentError`] names all that are missing or wrong.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let mut environment = Environment::of_process();
        let defaults = Limits::default();
        let limits = Limits {
            lease: environment.millis("LEASE_MS", defaults.lease),
            stop_before_deadline: environment
                .millis("STOP_BEFORE_DEADLINE_MS", defaults.stop_before_deadline),
        };
        let latency = environment.or_default("SIMULATED_LATENCY_MS", LatencyRange::OFF);
        let config = Self {
            database: DatabaseConfig::read(&mut environment),
            queue_url: environment.required("QUEUE_URL"),
            limits,
            simulated_latency: (latency != LatencyRange::OFF).then_some(latency),
        };
        environment.finish(config)
    }
}
