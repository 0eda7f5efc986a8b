//! How a system is configured.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tributary_postgres::Storage;
use tributary_stack::StackConfig;

use crate::route::DatabaseRoute;

/// The configuration of a system.
#[derive(Clone, Debug)]
pub struct SystemConfig {
    /// The PostgreSQL server to use; `None` starts one.
    pub database_url: Option<String>,
    /// Whether the functions connect to PostgreSQL through PgBouncer in transaction mode.
    pub pooler: bool,
    /// Redirects the functions' database connections, e.g. to a proxy.
    pub database_route: Option<DatabaseRoute>,
    /// The SQS endpoint to use; `None` starts the embedded server.
    pub sqs_endpoint_url: Option<String>,
    /// The queue to use, created if it is missing. `None` creates queues for this run; a system
    /// with temporary storage deletes those when it stops.
    pub queue_name: Option<String>,
    /// The directory of the function binaries; `None` builds them with cargo.
    pub binary_directory: Option<PathBuf>,
    /// Where PostgreSQL stores its data, and whether it is kept.
    pub storage: Storage,
    /// The network interface of the HTTP API.
    pub host: IpAddr,
    /// The port of the HTTP API; 0 selects a free port.
    pub port: u16,
    /// The name of the tenant to create.
    pub tenant: String,
    /// The HMAC key of API key hashes; `None` generates one. Kept data needs the same pepper in
    /// every run.
    pub api_key_pepper: Option<SecretString>,
    /// Further environment variables of authorize, e.g. `JWT_ISSUER`.
    pub authorize_environment: BTreeMap<String, String>,
    /// The directory of the functions' log files; `None` writes no files.
    pub log_directory: Option<PathBuf>,
    /// The simulated duration of each categorisation in milliseconds, e.g. `500-1000`.
    pub simulated_latency: Option<String>,
    /// Timeouts and retry intervals.
    pub timings: Timings,
    /// The maximum concurrency of enrich.
    pub enrich_concurrency: usize,
    /// The interval between invocations of relay; `None` never invokes it.
    pub relay_interval: Option<Duration>,
    /// Changes the configuration of the local stack before it starts.
    pub adjust_stack: fn(&mut StackConfig),
}

/// Timeouts and retry intervals. As in a deployment, the lease is shorter than the visibility
/// timeout; all are shorter than in a deployment, so that retries happen within a minute.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// The timeout of enrich.
    pub enrich_timeout: Duration,
    /// How long before its timeout enrich stops claiming rows.
    pub stop_before_deadline: Duration,
    /// How long a worker holds the rows it claimed.
    pub lease: Duration,
    /// The queue's visibility timeout: six times the function's timeout, as AWS recommends.
    pub visibility_timeout: Duration,
    /// How long a batch makes no progress before relay announces it again.
    pub requeue_after: Duration,
    /// How long after its commit relay announces a batch that no worker has claimed work of.
    pub announce_after: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            enrich_timeout: Duration::from_secs(10),
            stop_before_deadline: Duration::from_secs(3),
            lease: Duration::from_secs(15),
            visibility_timeout: Duration::from_secs(60),
            requeue_after: Duration::from_secs(60),
            announce_after: Duration::from_secs(10),
        }
    }
}

impl SystemConfig {
    /// A temporary system on free ports. `TRIBUTARY_POOLER=1` puts PgBouncer in front of
    /// PostgreSQL.
    #[must_use]
    pub fn throw_away() -> Self {
        Self {
            database_url: None,
            pooler: std::env::var_os("TRIBUTARY_POOLER").is_some_and(|value| value == "1"),
            database_route: None,
            sqs_endpoint_url: None,
            queue_name: None,
            binary_directory: None,
            storage: Storage::Temporary,
            host: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            tenant: "demo".to_owned(),
            api_key_pepper: None,
            authorize_environment: BTreeMap::new(),
            log_directory: None,
            simulated_latency: None,
            timings: Timings::default(),
            enrich_concurrency: 4,
            relay_interval: Some(Duration::from_secs(60)),
            adjust_stack: |_| {},
        }
    }

    /// Uses the servers in `DATABASE_URL` and `SQS_ENDPOINT_URL`, if they are set.
    #[must_use]
    pub fn with_servers_of_environment(mut self) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        self.database_url = variable("DATABASE_URL");
        self.sqs_endpoint_url = variable("SQS_ENDPOINT_URL");
        self
    }
}
