//! Starts and stops the whole system.

use std::error::Error;

use secrecy::{ExposeSecret, SecretString};
use tributary_domain::Scope;
use tributary_domain::api_key::{Pepper, Peppers};
use tributary_postgres::{Postgres, Progress, Storage};
use tributary_sqs::SqsServer;
use tributary_stack::{Stack, build_functions};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

use crate::access::{create_key, new_pepper};
use crate::config::SystemConfig;
use crate::database::Database;
use crate::error::SystemError;
use crate::queues::{self, QueueSetupError, QueueUrls};
use crate::stack_config::stack_config;

/// The scopes of the API key in [`System::api_key`].
const SCOPES: &[Scope] = &[Scope::Ingest, Scope::Report, Scope::Admin];

/// A running system. If it is dropped without [`System::stop`], its servers end with the program.
pub struct System {
    stack: Stack,
    sqs: Option<SqsServer>,
    database: Database,
    sqs_endpoint_url: String,
    queues: QueueUrls,
    api_key_pepper: SecretString,
    peppers: Peppers,
    tenant: String,
    /// Whether to delete the queues when the system stops.
    queues_are_temporary: bool,
    api_key: String,
}

impl System {
    /// Starts the system and reports each step to `progress`.
    ///
    /// # Errors
    /// [`SystemError`]; servers that had started are stopped.
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
        let queues = create_queues(&config, &sqs_endpoint_url).await?;
        let stack_config = stack_config(
            &config,
            binary_directory,
            &database,
            &sqs_endpoint_url,
            &queues,
            &api_key_pepper,
        )?;
        let stack = Stack::start(stack_config).await?;
        progress(&format!("API: {}", stack.url()));
        Ok(Self {
            stack,
            sqs,
            database,
            sqs_endpoint_url,
            queues,
            api_key_pepper,
            peppers,
            tenant: config.tenant.clone(),
            api_key: created.key,
            queues_are_temporary: config.queue_name.is_none()
                && matches!(config.storage, Storage::Temporary),
        })
    }

    /// The base URL of the HTTP API, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.stack.url()
    }

    /// The URL of the console, with a key in its fragment that signs in. The key is made for this
    /// link; that of an earlier link is revoked. A fragment is never sent to a server.
    ///
    /// # Errors
    /// [`SystemError`] if the database fails.
    pub async fn console_link(&self) -> Result<String, SystemError> {
        let store = self.database.store()?;
        let created = create_key(&store, &self.peppers, &self.tenant, "console link", SCOPES).await;
        store.close().await;
        Ok(format!("{}/console#key={}", self.url(), created?.key))
    }

    /// The HMAC key of API key hashes.
    #[must_use]
    pub const fn api_key_pepper(&self) -> &SecretString {
        &self.api_key_pepper
    }

    /// An API key of the tenant with every scope.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The database URL, including its password.
    #[must_use]
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// The URL of the SQS endpoint.
    #[must_use]
    pub fn sqs_endpoint_url(&self) -> &str {
        &self.sqs_endpoint_url
    }

    /// The URLs of the queues.
    #[must_use]
    pub const fn queues(&self) -> &QueueUrls {
        &self.queues
    }

    /// A new store, with its own connection pool.
    ///
    /// # Errors
    /// [`StoreError`] if the database URL is invalid.
    pub fn store(&self) -> Result<Store, StoreError> {
        self.database.store()
    }

    /// The local stack that runs the functions.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The PostgreSQL server, if this system started it: for fault injection.
    pub fn postgres_mut(&mut self) -> Option<&mut Postgres> {
        self.database.server_mut()
    }

    /// The embedded SQS server, if this system started it: for fault injection.
    #[must_use]
    pub const fn sqs(&self) -> Option<&SqsServer> {
        self.sqs.as_ref()
    }

    /// Stops every process and server of the system.
    ///
    /// # Errors
    /// [`SystemError::Database`] if the database cannot be stopped or dropped.
    pub async fn stop(self) -> Result<(), SystemError> {
        self.stack.stop().await;
        if let Some(sqs) = self.sqs {
            sqs.stop().await;
        } else if self.queues_are_temporary {
            let client = queues::client(&self.sqs_endpoint_url).await;
            if let Err(error) = queues::delete(&client, &self.queues).await {
                // The endpoint may have stopped already.
                tracing::warn!(error = &error as &dyn Error, "the queues were not deleted");
            }
        }
        Ok(self.database.stop().await?)
    }
}

/// The configured queue, or new queues for this run. On a given endpoint their names are unique,
/// because other runs may use it too.
async fn create_queues(
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
