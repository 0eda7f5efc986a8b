//! The whole stack: Lambda with the functions, the gateway, the event source and the schedule.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;
use tributary_lambda::functions::{FUNCTIONS, Function};

use crate::event_source::{BATCH_SIZE_MAX, EventSource, EventSourceConfig};
use crate::gateway::{Gateway, GatewayConfig};
use crate::invoke_api::InvokeApi;
use crate::lambda::{FunctionConfig, IDLE_TIMEOUT_DEFAULT, Lambda, LambdaConfig};
use crate::schedule::Schedule;

const REGION_DEFAULT: &str = "us-east-1";
const ENRICH_CONCURRENCY_DEFAULT: usize = 4;
/// How long requests and batches may continue when the stack stops. The messages of an interrupted
/// batch are delivered again.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
const RELAY_INTERVAL_DEFAULT: Duration = Duration::from_secs(60);

/// The configuration of the stack. PostgreSQL and SQS must be running.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// The directory of the function binaries, see [`crate::build_functions`].
    pub binary_directory: PathBuf,
    /// The database URL for the functions.
    pub database_url: String,
    /// The SQS endpoint for the functions and the event source.
    pub sqs_endpoint_url: String,
    /// The URL of the queue between ingest and enrich.
    pub queue_url: String,
    /// The network interface of the gateway.
    pub gateway_host: IpAddr,
    /// The gateway's port; 0 selects a free port.
    pub gateway_port: u16,
    /// The directory of the log files `<function>.log`; `None` writes no files.
    pub log_directory: Option<PathBuf>,
    /// The AWS region.
    pub region: String,
    /// Environment variables of every function; they override the defaults.
    pub environment: BTreeMap<String, String>,
    /// Environment variables by function name; they override `environment`.
    pub function_environment: BTreeMap<String, BTreeMap<String, String>>,
    /// Reserved concurrency by function name; the default is ten.
    pub reserved_concurrency: BTreeMap<String, usize>,
    /// Timeouts by function name; the defaults are those of the deployment.
    pub timeouts: BTreeMap<String, Duration>,
    /// Maximum concurrency of the event source.
    pub enrich_concurrency: usize,
    /// Maximum messages in a batch of the event source, 1 to 10.
    pub enrich_batch_size: i32,
    /// The interval between invocations of relay; `None` never invokes it.
    pub relay_interval: Option<Duration>,
    /// How long an execution environment is idle before it is stopped.
    pub idle_timeout: Duration,
    /// How long the gateway caches an authorizer's policy; zero disables the cache.
    pub authorizer_cache_ttl: Duration,
    /// Whether to serve Lambda's `Invoke` API on loopback. It is not authenticated, and includes
    /// the function that creates API keys.
    pub invoke_api: bool,
}

impl StackConfig {
    /// The settings of the deployment, on a free port, without log files.
    #[must_use]
    pub fn new(
        binary_directory: impl Into<PathBuf>,
        database_url: impl Into<String>,
        sqs_endpoint_url: impl Into<String>,
        queue_url: impl Into<String>,
    ) -> Self {
        Self {
            binary_directory: binary_directory.into(),
            database_url: database_url.into(),
            sqs_endpoint_url: sqs_endpoint_url.into(),
            queue_url: queue_url.into(),
            gateway_host: Ipv4Addr::LOCALHOST.into(),
            gateway_port: 0,
            log_directory: None,
            region: REGION_DEFAULT.to_owned(),
            environment: BTreeMap::new(),
            function_environment: BTreeMap::new(),
            reserved_concurrency: BTreeMap::new(),
            timeouts: BTreeMap::new(),
            enrich_concurrency: ENRICH_CONCURRENCY_DEFAULT,
            enrich_batch_size: BATCH_SIZE_MAX,
            relay_interval: Some(RELAY_INTERVAL_DEFAULT),
            idle_timeout: IDLE_TIMEOUT_DEFAULT,
            authorizer_cache_ttl: Duration::ZERO,
            invoke_api: false,
        }
    }

    fn function(&self, function: &Function) -> FunctionConfig {
        let name = function.name;
        let binary = self.binary_directory.join(name);
        let limit = self.timeouts.get(name).copied().unwrap_or(function.timeout);
        let mut function = FunctionConfig::new(name, binary, limit);
        if let Some(reserved) = self.reserved_concurrency.get(name) {
            function.max_concurrency = *reserved;
        }
        let contract = [
            ("DATABASE_URL", &self.database_url),
            ("QUEUE_URL", &self.queue_url),
            ("AWS_ENDPOINT_URL_SQS", &self.sqs_endpoint_url),
        ];
        let contract = contract.map(|(variable, value)| (variable.to_owned(), value.clone()));
        let own = self.function_environment.get(name).cloned().unwrap_or_default();
        function.environment.insert("RUST_LOG".to_owned(), "info".to_owned());
        function.environment.extend(contract);
        function.environment.extend(self.environment.clone());
        function.environment.extend(own);
        function
    }
}

/// Why the stack cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The binary of a function is missing.
    #[error("{} is missing: build the functions first", .0.display())]
    BinaryMissing(PathBuf),
    /// A port, the shell or the log directory is unavailable.
    #[error("the Lambda service cannot start")]
    Lambda(#[source] io::Error),
    /// The gateway's port is unavailable.
    #[error("the gateway cannot listen on port {port}")]
    Gateway {
        /// The configured port.
        port: u16,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
}

/// A running stack. If it is dropped without [`Stack::stop`], it runs until the program ends.
pub struct Stack {
    lambda: Lambda,
    invoke_api: Option<InvokeApi>,
    gateway: Gateway,
    event_source: EventSource,
    schedule: Option<Schedule>,
}

impl Stack {
    /// Starts the stack. Function processes start with their first invocation.
    ///
    /// # Errors
    /// [`StackError`]; nothing is left running.
    pub async fn start(config: StackConfig) -> Result<Self, StackError> {
        let functions: Vec<_> =
            FUNCTIONS.iter().map(|function| config.function(function)).collect();
        if let Some(function) = functions.iter().find(|function| !function.binary.is_file()) {
            return Err(StackError::BinaryMissing(function.binary.clone()));
        }
        let lambda = Lambda::start(LambdaConfig {
            functions,
            region: config.region.clone(),
            idle_timeout: config.idle_timeout,
            log_directory: config.log_directory.clone(),
        });
        let lambda = lambda.await.map_err(StackError::Lambda)?;
        let invoke_api = if config.invoke_api {
            match InvokeApi::start(lambda.clone()).await {
                Ok(invoke_api) => Some(invoke_api),
                Err(error) => {
                    lambda.stop().await;
                    return Err(StackError::Lambda(error));
                }
            }
        } else {
            None
        };
        let port = config.gateway_port;
        let gateway = GatewayConfig {
            host: config.gateway_host,
            port,
            region: config.region.clone(),
            authorizer_cache_ttl: config.authorizer_cache_ttl,
        };
        let gateway = match Gateway::start(gateway, lambda.clone()).await {
            Ok(gateway) => gateway,
            Err(source) => {
                lambda.stop().await;
                return Err(StackError::Gateway { port, source });
            }
        };
        let event_source = EventSourceConfig {
            function: "enrich".to_owned(),
            endpoint_url: config.sqs_endpoint_url,
            queue_url: config.queue_url,
            region: config.region.clone(),
            concurrency: config.enrich_concurrency,
            batch_size: config.enrich_batch_size,
        };
        let event_source = EventSource::start(&event_source, &lambda);
        let schedule = config
            .relay_interval
            .map(|interval| Schedule::start(lambda.clone(), "relay", &config.region, interval));
        Ok(Self { lambda, invoke_api, gateway, event_source, schedule })
    }

    /// The gateway's base URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// The value for `AWS_ENDPOINT_URL_LAMBDA`, if [`StackConfig::invoke_api`] is set.
    #[must_use]
    pub fn invoke_url(&self) -> Option<String> {
        self.invoke_api.as_ref().map(InvokeApi::url)
    }

    /// The Lambda service: to invoke a function directly, list and kill environments, read logs.
    #[must_use]
    pub fn lambda(&self) -> &Lambda {
        &self.lambda
    }

    /// Stops the stack. Requests and batches in progress have five seconds, then the functions get
    /// SIGTERM. Returns when every process has ended and every port is closed.
    pub async fn stop(self) {
        let schedule = async {
            if let Some(schedule) = self.schedule {
                schedule.stop().await;
            }
        };
        let drain = async { tokio::join!(self.gateway.stop(), self.event_source.stop(), schedule) };
        tokio::pin!(drain);
        let drained = timeout(DRAIN_TIMEOUT, &mut drain).await.is_ok();
        self.lambda.stop().await;
        // The remaining requests have failed with their functions; only a slow client can delay the
        // end.
        if !drained && timeout(DRAIN_TIMEOUT, drain).await.is_err() {
            tracing::warn!("a client has not finished its request");
        }
    }
}
