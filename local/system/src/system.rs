//! Starts everything in the order in which it is needed, and stops it in the other.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use admin::AdminError;
use secrecy::{ExposeSecret, SecretString};
use tributary_domain::Scope;
use tributary_domain::api_key::{Pepper, PepperTooShort, Peppers};
use tributary_postgres::{Postgres, Progress, Storage};
use tributary_sqs::SqsServer;
use tributary_stack::{Stack, StackConfig, StackError, build_functions};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

use crate::access::{create_key, new_pepper};
use crate::database::{Database, DatabaseError};
use crate::queues::{self, QueueSetupError, QueueUrls};
use crate::roles;
use crate::route::DatabaseRoute;

/// The scopes of the key that a run is started with.
const SCOPES: &[Scope] = &[Scope::Ingest, Scope::Report, Scope::Admin];

/// How a run is set up.
#[derive(Clone, Debug)]
pub struct SystemConfig {
    /// A PostgreSQL server to use, instead of starting one.
    pub database_url: Option<String>,
    /// Whether the functions reach PostgreSQL through PgBouncer in transaction mode.
    pub pooler: bool,
    /// A detour that the functions take to it; `None` for none.
    pub database_route: Option<DatabaseRoute>,
    /// An SQS endpoint to use, instead of the embedded one.
    pub sqs_endpoint_url: Option<String>,
    /// The queue to use there, made if there is none; `None` for queues of this run alone, which go
    /// when a run that is thrown away does.
    pub queue_name: Option<String>,
    /// The folder of function binaries that are built already; `None` has cargo build them.
    pub binary_directory: Option<PathBuf>,
    /// Where data lives, and for how long.
    pub storage: Storage,
    /// The interface of the HTTP API: loopback, unless others are to reach it.
    pub host: IpAddr,
    /// The port of the HTTP API; 0 takes a free one.
    pub port: u16,
    /// The name of the tenant that gets a key.
    pub tenant: String,
    /// The key of the hashes of API keys; `None` makes one for the run, which data that stays outlives.
    pub api_key_pepper: Option<SecretString>,
    /// Further variables of authorize: whose tokens are taken (`JWT_…`).
    pub authorize_environment: BTreeMap<String, String>,
    /// Where each function's log is kept; `None` keeps none.
    pub log_directory: Option<PathBuf>,
    /// What each categorisation takes, such as `500-1000` milliseconds; `None` takes no time.
    pub simulated_latency: Option<String>,
    /// How long things take before they are tried again.
    pub timings: Timings,
    /// How many enrich workers run at once.
    pub enrich_concurrency: usize,
    /// How often relay runs; `None` for never.
    pub relay_interval: Option<Duration>,
    /// What is to be otherwise in the stack than in other runs.
    pub adjust_stack: fn(&mut StackConfig),
}

/// How long things take before they are tried again: lease < visibility timeout, as deployed, and
/// shorter, since nobody at a laptop waits for minutes.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// How long enrich may take for one event.
    pub enrich_timeout: Duration,
    /// How long before that it claims nothing more.
    pub stop_before_deadline: Duration,
    /// How long claimed rows are held.
    pub lease: Duration,
    /// How long a received message is hidden: six times the function's time, as AWS advises.
    pub visibility_timeout: Duration,
    /// How long an unfinished batch stands before relay wakes it.
    pub stranded_age: Duration,
    /// How old an outbox entry must be before relay sends it.
    pub owed_age: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            enrich_timeout: Duration::from_secs(10),
            stop_before_deadline: Duration::from_secs(3),
            lease: Duration::from_secs(15),
            visibility_timeout: Duration::from_secs(60),
            stranded_age: Duration::from_secs(60),
            owed_age: Duration::from_secs(10),
        }
    }
}

impl SystemConfig {
    /// A run that leaves nothing behind, on free ports; through a pooler if `TRIBUTARY_POOLER` is 1, so
    /// that whatever runs on this can be run through one.
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

    /// The same with the servers that `DATABASE_URL` and `SQS_ENDPOINT_URL` name, if they are set.
    #[must_use]
    pub fn with_servers_of_environment(mut self) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        self.database_url = variable("DATABASE_URL");
        self.sqs_endpoint_url = variable("SQS_ENDPOINT_URL");
        self
    }
}

/// Why the system did not start, or not stop.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The functions could not be built.
    #[error("the functions cannot be built")]
    Build(#[from] tributary_stack::BuildError),
    /// There is no database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The embedded SQS has no port.
    #[error("the embedded SQS cannot start")]
    Sqs(#[source] std::io::Error),
    /// There are no queues.
    #[error(transparent)]
    Queues(#[from] QueueSetupError),
    /// The given pepper could be guessed.
    #[error("the given pepper of API keys is not one")]
    Pepper(#[from] PepperTooShort),
    /// The tenant and its key could not be stored.
    #[error("the tenant's key cannot be made")]
    Access(#[from] AdminError),
    /// The database has a URL that is none.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The functions' surroundings could not be started.
    #[error(transparent)]
    Stack(#[from] StackError),
}

/// A running system. Dropped without [`System::stop`], its servers still end with the program.
pub struct System {
    stack: Stack,
    sqs: Option<SqsServer>,
    database: Database,
    sqs_endpoint_url: String,
    queues: QueueUrls,
    api_key_pepper: SecretString,
    /// Whether the queues go when the system stops.
    queues_are_temporary: bool,
    api_key: String,
}

impl System {
    /// Starts everything; says what it does.
    ///
    /// # Errors
    /// [`SystemError`]; what was started until then ends.
    pub async fn start(config: SystemConfig, progress: Progress<'_>) -> Result<Self, SystemError> {
        let binary_directory = match &config.binary_directory {
            Some(given) => given.clone(),
            None => {
                progress("Functions: building");
                build_functions(progress).await?
            }
        };

        let mut database =
            Database::start(config.database_url.as_deref(), config.storage.clone(), progress)
                .await?;
        if config.pooler {
            database.start_pooler(progress).await?;
        }
        let mut functions_url = database.functions_url()?;
        if let Some(route) = &config.database_route {
            functions_url = route.of(&functions_url)?;
        }
        let api_key_pepper = config.api_key_pepper.clone().unwrap_or_else(new_pepper);
        let current = Pepper::new(api_key_pepper.expose_secret())?;
        let peppers = Peppers { current, previous: None };
        let store = database.store()?;
        let created = create_key(&store, &peppers, &config.tenant, "local", SCOPES).await?;
        store.close().await;

        let (sqs, sqs_endpoint_url) = match &config.sqs_endpoint_url {
            Some(given) => {
                progress("SQS: using SQS_ENDPOINT_URL");
                (None, given.clone())
            }
            None => {
                let server = SqsServer::start(0).await.map_err(SystemError::Sqs)?;
                let url = server.endpoint_url();
                progress(&format!("SQS: embedded, {url}"));
                (Some(server), url)
            }
        };
        let queues = make_queues(&config, &sqs_endpoint_url).await?;

        let mut stack_config =
            stack_config(&config, binary_directory, &functions_url, &sqs_endpoint_url, &queues);
        let functions = &mut stack_config.function_environment;
        for function in ["authorize", "admin"] {
            let pepper = api_key_pepper.expose_secret().to_owned();
            let environment = functions.entry(function.to_owned()).or_default();
            environment.insert("API_KEY_PEPPER".to_owned(), pepper);
        }
        let authorize = functions.entry("authorize".to_owned()).or_default();
        authorize.extend(config.authorize_environment.clone());
        let admin = functions.entry("admin".to_owned()).or_default();
        // Past pooler and detour: migrations hold a lock of their session.
        admin.insert("DATABASE_URL".to_owned(), database.url().to_owned());
        (config.adjust_stack)(&mut stack_config);
        let stack = Stack::start(stack_config).await?;
        progress(&format!("API: {}", stack.url()));
        Ok(Self {
            stack,
            sqs,
            database,
            sqs_endpoint_url,
            queues,
            api_key_pepper,
            api_key: created.key,
            queues_are_temporary: config.queue_name.is_none()
                && matches!(config.storage, Storage::Temporary),
        })
    }

    /// The base URL of the HTTP API, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> String {
        self.stack.url()
    }

    /// The key of the hashes of API keys.
    #[must_use]
    pub const fn api_key_pepper(&self) -> &SecretString {
        &self.api_key_pepper
    }

    /// A key of the tenant, for every scope.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Where the database is, with its password.
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Where SQS is.
    #[must_use]
    pub fn sqs_endpoint_url(&self) -> &str {
        &self.sqs_endpoint_url
    }

    /// The queues.
    #[must_use]
    pub const fn queues(&self) -> &QueueUrls {
        &self.queues
    }

    /// A store of its own, beside those of the functions.
    ///
    /// # Errors
    /// [`StoreError`] if the database's URL is none.
    pub fn store(&self) -> Result<Store, StoreError> {
        self.database.store()
    }

    /// The functions and their surroundings.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The PostgreSQL server, if it was started for this run: for fault injection.
    pub fn postgres_mut(&mut self) -> Option<&mut Postgres> {
        self.database.server_mut()
    }

    /// The embedded SQS, if it is used: for fault injection.
    #[must_use]
    pub const fn sqs(&self) -> Option<&SqsServer> {
        self.sqs.as_ref()
    }

    /// Stops everything: no process and no port is left.
    ///
    /// # Errors
    /// [`SystemError::Database`] if the database could not be stopped or dropped.
    pub async fn stop(self) -> Result<(), SystemError> {
        self.stack.stop().await;
        if let Some(sqs) = self.sqs {
            sqs.stop().await;
        } else if self.queues_are_temporary {
            let client = queues::client(&self.sqs_endpoint_url).await;
            if let Err(error) = queues::delete(&client, &self.queues).await {
                // The endpoint may be gone, and its queues with it.
                tracing::warn!(error = &error as &dyn Error, "the queues stay");
            }
        }
        Ok(self.database.stop().await?)
    }
}

/// The queue of the name that is asked for; on a given endpoint else queues of this run alone, since
/// another run may have the usual names.
async fn make_queues(
    config: &SystemConfig,
    sqs_endpoint_url: &str,
) -> Result<QueueUrls, QueueSetupError> {
    let client = queues::client(sqs_endpoint_url).await;
    let visibility_timeout = config.timings.visibility_timeout;
    if let Some(name) = &config.queue_name {
        return queues::find_or_create(&client, name, visibility_timeout).await;
    }
    let suffix = match config.sqs_endpoint_url {
        None => String::new(),
        Some(_) => format!("-{}", Uuid::now_v7().simple()),
    };
    queues::create(&client, &format!("tributary{suffix}"), visibility_timeout).await
}

fn stack_config(
    config: &SystemConfig,
    binary_directory: PathBuf,
    database_url: &str,
    sqs_endpoint_url: &str,
    queues: &QueueUrls,
) -> StackConfig {
    let timings = &config.timings;
    let millis = |duration: Duration| duration.as_millis().to_string();
    let mut enrich = BTreeMap::from([
        ("LEASE_MS".to_owned(), millis(timings.lease)),
        ("STOP_BEFORE_DEADLINE_MS".to_owned(), millis(timings.stop_before_deadline)),
    ]);
    if let Some(latency) = &config.simulated_latency {
        enrich.insert("SIMULATED_LATENCY_MS".to_owned(), latency.clone());
    }
    let relay = BTreeMap::from([
        ("STALLED_AGE_MS".to_owned(), millis(timings.stranded_age)),
        ("UNSENT_AGE_MS".to_owned(), millis(timings.owed_age)),
    ]);

    let admin =
        BTreeMap::from([("DEAD_LETTER_QUEUE_URL".to_owned(), queues.dead_letter_queue.clone())]);
    let mut environments = BTreeMap::from([
        ("enrich".to_owned(), enrich),
        ("relay".to_owned(), relay),
        ("admin".to_owned(), admin),
    ]);
    roles::give(&mut environments);

    let mut stack =
        StackConfig::new(binary_directory, database_url, sqs_endpoint_url, &queues.queue);
    stack.gateway_host = config.host;
    stack.gateway_port = config.port;
    stack.log_directory.clone_from(&config.log_directory);
    stack.enrich_concurrency = config.enrich_concurrency;
    stack.relay_interval = config.relay_interval;
    stack.timeouts.insert("enrich".to_owned(), timings.enrich_timeout);
    stack.function_environment = environments;
    stack
}
