//! The whole of it: Lambda with our functions, the gateway, the event source and the schedule.

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
/// How long what is under way may take when the stack stops. Less than an enrich batch may: its messages
/// come again, which is what they are for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
const RELAY_INTERVAL_DEFAULT: Duration = Duration::from_secs(60);

/// How the stack is set up; PostgreSQL and SQS run elsewhere, already.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// The folder of the function binaries, see [`crate::build_functions`].
    pub binary_directory: PathBuf,
    /// PostgreSQL, for the functions.
    pub database_url: String,
    /// SQS, for the functions and the event source.
    pub sqs_endpoint_url: String,
    /// The queue between ingest and enrich.
    pub queue_url: String,
    /// The interface that the gateway listens on: loopback, unless others are to reach it.
    pub gateway_host: IpAddr,
    /// The gateway's port; 0 takes a free one.
    pub gateway_port: u16,
    /// Where `<function>.log` files are appended to; `None` keeps no files.
    pub log_directory: Option<PathBuf>,
    /// The AWS region.
    pub region: String,
    /// Variables of every function, beside those of the contract; they win over it.
    pub environment: BTreeMap<String, String>,
    /// Variables of one function, by its name; they win over `environment`.
    pub function_environment: BTreeMap<String, BTreeMap<String, String>>,
    /// Reserved concurrency by function name, where it is not the default of ten.
    pub reserved_concurrency: BTreeMap<String, usize>,
    /// Time limits by function name, where they are not those of the deployment.
    pub timeouts: BTreeMap<String, Duration>,
    /// Maximum concurrency of the event source.
    pub enrich_concurrency: usize,
    /// Messages in a batch of the event source, 1 to 10.
    pub enrich_batch_size: i32,
    /// How often relay is invoked; `None`: never.
    pub relay_interval: Option<Duration>,
    /// How long a function's environment stays without an invocation.
    pub idle_timeout: Duration,
    /// How long the gateway uses an authorizer's answer again; zero: never.
    pub authorizer_cache_ttl: Duration,
    /// Whether Lambda's `Invoke` is served: to everyone on this machine, without a signature, the function
    /// that makes API keys among them.
    pub invoke_api: bool,
}

impl StackConfig {
    /// Everything but the four addresses as deployed, on a free port, without log files.
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

/// Why the stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A function has no binary: build the functions first.
    #[error("{} is missing: build the functions first", .0.display())]
    BinaryMissing(PathBuf),
    /// The Lambda service has no port, no shell or no log folder.
    #[error("the Lambda service cannot start")]
    Lambda(#[source] io::Error),
    /// The gateway's port is not to be had.
    #[error("the gateway cannot listen on port {port}")]
    Gateway {
        /// The port asked for.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A running stack; dropping it without [`Stack::stop`] leaves it running until the program ends.
pub struct Stack {
    lambda: Lambda,
    invoke_api: Option<InvokeApi>,
    gateway: Gateway,
    event_source: EventSource,
    schedule: Option<Schedule>,
}

impl Stack {
    /// Starts everything. Function processes start when they are first needed.
    ///
    /// # Errors
    /// [`StackError`]; nothing is left running then.
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

    /// The gateway's base URL, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.gateway.url()
    }

    /// Where Lambda's `Invoke` is served, as `AWS_ENDPOINT_URL_LAMBDA` takes it; `None` unless
    /// [`StackConfig::invoke_api`] asked for it.
    #[must_use]
    pub fn invoke_url(&self) -> Option<String> {
        self.invoke_api.as_ref().map(InvokeApi::url)
    }

    /// The Lambda service: to invoke a function directly, list and kill environments, read logs.
    #[must_use]
    pub fn lambda(&self) -> &Lambda {
        &self.lambda
    }

    /// Stops everything: the gateway and the pollers get five seconds to finish what they have, then the
    /// functions get SIGTERM. Returns when no process and no port is left.
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
        // What was under way has failed with its function: it ends now, but for a client that is slow.
        if !drained && timeout(DRAIN_TIMEOUT, drain).await.is_err() {
            tracing::warn!("a client still sends its request");
        }
    }
}
