//! The connection of one Lambda environment, and the transactions that are opened on it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use tributary_domain::TenantId;

use crate::error::StoreError;
use crate::login::{LoginSource, Target};
use crate::role::Role;

/// An open database transaction; dropped without a commit it is rolled back some time later. Who holds
/// locks in it rolls it back before answering.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// Without just-in-time compilation: of statements that run for milliseconds it takes seconds, whenever
/// the planner overrates how many rows a batch's arrays have. And with an end to idleness: Lambda may freeze
/// an environment, or lose it, in the middle of a transaction, whose locks would stay.
const BEGIN: &str =
    "begin; set local jit = off; set local idle_in_transaction_session_timeout = '60s'";

/// How a function reaches PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    options: PgConnectOptions,
    role: Option<Role>,
    login: Option<Arc<dyn LoginSource>>,
}

impl Store {
    /// One connection for each Lambda environment: an environment handles one event at a time. Where that
    /// means several pieces of work, as in enrich, they take turns.
    pub const CONNECTIONS_MAX: u32 = 1;
    /// How long a call waits for a connection before PostgreSQL counts as unavailable.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

    /// Connects when first asked, so that a cold start does not wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unexpected`] if the URL is none.
    pub fn connect_lazily(database_url: &SecretString) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            database_url.expose_secret().parse().map_err(StoreError::Unexpected)?;
        let options = options.statement_cache_capacity(0);
        let pool = PgPoolOptions::new()
            .max_connections(Self::CONNECTIONS_MAX)
            .acquire_timeout(Self::CONNECT_TIMEOUT)
            // A ping before each use would cost a round trip; `begin` notices a dead connection itself.
            .test_before_acquire(false)
            .connect_lazy_with(options.clone());
        Ok(Self { pool, options, role: None, login: None })
    }

    /// Works as a role from now on: each transaction begins by taking it, in the same round trip, and
    /// leaves it with its end, so that a pooled connection carries it to nobody.
    #[must_use]
    pub fn as_role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Logs in with what `source` gives, and not with what the URL says.
    #[must_use]
    pub fn with_login(self, source: Arc<dyn LoginSource>) -> Self {
        Self { login: Some(source), ..self }
    }

    /// Whether the server has to prove who it is before anything is told to it.
    #[must_use]
    pub fn is_server_verified(&self) -> bool {
        matches!(self.options.get_ssl_mode(), PgSslMode::VerifyFull)
    }

    /// Begins a transaction for one tenant: `tributary.tenant_id` is set for as long as it lasts,
    /// in the same round trip.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin(&self, tenant: TenantId) -> Result<Tx, StoreError> {
        self.begin_with(&format!("; set local tributary.tenant_id = '{tenant}'")).await
    }

    /// Begins a transaction for no tenant: for finding a key's tenant, and for work over all of them. A
    /// role that is not made for that sees nothing in it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin_for_all(&self) -> Result<Tx, StoreError> {
        self.begin_with("").await
    }

    /// A connection that stood idle may have died since; beginning is safe to try again, on a new one.
    async fn begin_with(&self, setting: &str) -> Result<Tx, StoreError> {
        let role = self.role.as_ref().map(|role| format!("; set local role {role}"));
        let statement = format!("{BEGIN}{}{setting}", role.unwrap_or_default());
        // Safe: the only parts put in are ids and names of our own types.
        let begin = || self.pool.begin_with(AssertSqlSafe(statement.clone()));
        self.renew_login(false).await?;
        let mut begun = begin().await.map_err(StoreError::from);
        if begun.as_ref().is_err_and(StoreError::is_connection_lost) {
            begun = begin().await.map_err(StoreError::from);
        }
        if self.login.is_some() && begun.as_ref().is_err_and(StoreError::is_login_refused) {
            // The password was changed since it was read, or is being changed at this moment.
            self.renew_login(true).await?;
            begun =
                begin().await.map_err(|error| StoreError::from(error).with_login_as_transient());
        }
        begun
    }

    /// Asks the source of logins, if there is one, what new connections are to log in with: at a cold
    /// start, so that the first call need not wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it has none now.
    pub async fn prepare_login(&self) -> Result<(), StoreError> {
        self.renew_login(false).await
    }

    async fn renew_login(&self, is_refused: bool) -> Result<(), StoreError> {
        let Some(source) = &self.login else { return Ok(()) };
        let target = Target {
            host: self.options.get_host().to_owned(),
            port: self.options.get_port(),
            user: self.options.get_username().to_owned(),
        };
        let login = source.login(&target, is_refused).await;
        let login =
            login.map_err(|error| StoreError::Unavailable(sqlx::Error::Configuration(error)))?;
        if let Some(login) = login {
            let user = login.user.unwrap_or(target.user);
            let options = self.options.clone().username(&user);
            self.pool.set_connect_options(options.password(login.password.expose_secret()));
        }
        Ok(())
    }

    /// Applies the migrations that the database does not have yet. Works as who logs in, who has to own the
    /// tables and, the first time on a server, be allowed to create roles. Migrations that the database has beyond these are of newer
    /// code, whose deployment was rolled back: the schema suits the code before it, and stays.
    ///
    /// # Errors
    /// If one cannot be applied, or one that was applied has been edited since.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        self.renew_login(false).await.map_err(|error| sqlx::Error::Configuration(error.into()))?;
        let known = crate::MIGRATOR.iter().cloned().collect();
        Migrator::with_migrations(known).set_ignore_missing(true).run(&self.pool).await?;
        Ok(())
    }

    /// Closes the connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
