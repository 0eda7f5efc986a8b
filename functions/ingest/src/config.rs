//! The configuration of ingest.

use std::time::Duration;

use tributary_lambda::backends::Backends;
use tributary_lambda::environment::{Environment, EnvironmentError};
use tributary_store::batches::TenantLimits;

/// The configuration of ingest.
#[derive(Debug)]
pub struct Config {
    /// The database and the queue.
    pub backends: Backends,
    /// `ANNOUNCE_AFTER_MS`, `TENANT_INGESTS_MAX` and `TENANT_SLICES_MAX`.
    pub limits: Limits,
}

/// The limits of ingest.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long after its commit relay announces a batch that no worker has claimed work of.
    pub announce_after: Duration,
    /// The limits of one tenant.
    pub tenant: TenantLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self { announce_after: Duration::from_secs(2 * 60), tenant: TenantLimits::default() }
    }
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        let defaults = Limits::default();
        Environment::load(|environment| Self {
            backends: Backends::read(environment),
            limits: Limits {
                announce_after: environment.millis("ANNOUNCE_AFTER_MS", defaults.announce_after),
                tenant: TenantLimits {
                    concurrency: environment
                        .or_default("TENANT_INGESTS_MAX", defaults.tenant.concurrency),
                    backlog: environment.or_default("TENANT_SLICES_MAX", defaults.tenant.backlog),
                },
            },
        })
    }
}
