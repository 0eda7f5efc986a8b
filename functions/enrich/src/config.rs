//! The configuration of enrich.

use tributary_lambda::backends::Backends;
use tributary_lambda::environment::{Environment, EnvironmentError};

use crate::latency::LatencyRange;
use crate::worker::Limits;

/// The configuration of enrich.
#[derive(Debug)]
pub struct Config {
    /// The database and the queue.
    pub backends: Backends,
    /// `LEASE_MS`, `TURN_MS`, `STOP_BEFORE_DEADLINE_MS` and `REQUEUE_AFTER_MS`, in milliseconds.
    pub limits: Limits,
    /// `SIMULATED_LATENCY_MS`, such as `500-1000`; off by default.
    pub simulated_latency: Option<LatencyRange>,
    /// `SIMULATED_CRASH_TEXT`: the process aborts on a description that contains it. For tests.
    pub simulated_crash: Option<String>,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let defaults = Limits::default();
        Environment::load(|environment| {
            let latency = environment.or_default("SIMULATED_LATENCY_MS", LatencyRange::OFF);
            Self {
                backends: Backends::read(environment),
                limits: Limits {
                    lease: environment.millis("LEASE_MS", defaults.lease),
                    turn: environment.millis("TURN_MS", defaults.turn),
                    stop_before_deadline: environment
                        .millis("STOP_BEFORE_DEADLINE_MS", defaults.stop_before_deadline),
                    requeue_after: environment.millis("REQUEUE_AFTER_MS", defaults.requeue_after),
                },
                simulated_crash: environment.optional("SIMULATED_CRASH_TEXT"),
                simulated_latency: (latency != LatencyRange::OFF).then_some(latency),
            }
        })
    }
}
