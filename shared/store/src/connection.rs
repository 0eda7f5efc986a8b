//! The connection of one Lambda environment, and its database transactions.

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

/// An open database transaction. If dropped, it is rolled back some time later. Callers that hold
/// locks must roll back before they respond.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// Disables just-in-time compilation, which takes seconds for statements of milliseconds when the
/// planner overestimates the rows of a batch's arrays. Limits idle time: Lambda may freeze or lose
/// an environment in the middle of a database transaction, and its locks would remain.
const BEGIN: &str =
    "begin; set local jit = off; set local idle_in_transaction_session_timeout = '60s'";

/// Ends a database transaction by its outcome: commits it, or rolls it back before the caller
/// responds, so that its locks end.
///
/// # Errors
/// The error of the outcome, or [`StoreError`] if the commit fails.
pub async fn end<T, E: From<StoreError>>(tx: Tx, outcome: Result<T, E>) -> Result<T, E> {
    match outcome {
        Ok(_) => tx.commit().await.map_err(StoreError::from)?,
        // If the rollback fails, the server ends the transaction with the connection.
        Err(_) => drop(tx.rollback().await),
    }
    outcome
}

/// The PostgreSQL client of a function.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    options: PgConnectOptions,
    role: Option<Role>,
    statement_timeout: Option<Duration>,
    login: Option<Arc<dyn LoginSource>>,
}

impl Store {
    /// One connection for each Lambda environment, which handles one event at a time. Concurrent
    /// tasks of an event, as in enrich, share it.
    pub const CONNECTIONS_MAX: u32 = 1;
    /// How long to wait for a connection before PostgreSQL counts as unavailable.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
    /// How long a connection may be idle before it is replaced. A network flow that was dropped
    /// while the environment was frozen gives no error, and a statement on it would never return.
    pub const IDLE_MAX: Duration = Duration::from_secs(60);

    /// Creates a client that connects on first use, so that a cold start does not wait for
    /// PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::Unexpected`] if the database URL is invalid.
    pub fn connect_lazily(database_url: &SecretString) -> Result<Self, StoreError> {
        Self::connect_lazily_with(database_url, Self::IDLE_MAX)
    }

    fn connect_lazily_with(
        database_url: &SecretString,
        idle_max: Duration,
    ) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            database_url.expose_secret().parse().map_err(StoreError::Unexpected)?;
        let options = options.statement_cache_capacity(0);
        let pool = PgPoolOptions::new()
            .max_connections(Self::CONNECTIONS_MAX)
            .acquire_timeout(Self::CONNECT_TIMEOUT)
            // A ping before each use would cost a round trip; `begin` notices a dead connection
            // itself.
            .test_before_acquire(false)
            .before_acquire(move |_connection, metadata| {
                Box::pin(async move { Ok(metadata.idle_for < idle_max) })
            })
            .connect_lazy_with(options.clone());
        Ok(Self { pool, options, role: None, statement_timeout: None, login: None })
    }

    /// Sets the role of every database transaction, in the same round trip. The role ends with the
    /// transaction, so that it does not remain on a pooled connection.
    #[must_use]
    pub fn as_role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// Limits each statement of every database transaction, and its wait for a lock to half of
    /// that. A client that dies in the middle of a statement thus keeps its locks no longer.
    /// A statement that exceeds a limit fails with [`StoreError::Unavailable`].
    #[must_use]
    pub fn with_statement_timeout(self, timeout: Duration) -> Self {
        Self { statement_timeout: Some(timeout), ..self }
    }

    /// Logs in with the credentials of `source` instead of those in the URL.
    #[must_use]
    pub fn with_login(self, source: Arc<dyn LoginSource>) -> Self {
        Self { login: Some(source), ..self }
    }

    /// Whether the certificate and name of the server are verified.
    #[must_use]
    pub fn is_server_verified(&self) -> bool {
        matches!(self.options.get_ssl_mode(), PgSslMode::VerifyFull)
    }

    /// Begins a database transaction for one tenant. Sets `tributary.tenant_id` until its end, in
    /// the same round trip.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin(&self, tenant: TenantId) -> Result<Tx, StoreError> {
        self.begin_with(&format!("; set local tributary.tenant_id = '{tenant}'")).await
    }

    /// Begins a database transaction without a tenant, to find the tenant of a key or to work over
    /// all tenants. Roles without such a policy see no rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin_for_all(&self) -> Result<Tx, StoreError> {
        self.begin_with("").await
    }

    /// Retries once on a new connection, since an idle one may be closed by now.
    async fn begin_with(&self, setting: &str) -> Result<Tx, StoreError> {
        let timeouts = self.statement_timeout.map(|timeout| {
            let (statement_ms, lock_ms) = (timeout.as_millis(), (timeout / 2).as_millis());
            format!(
                "; set local statement_timeout = {statement_ms}; set local lock_timeout = {lock_ms}"
            )
        });
        let role = self.role.as_ref().map(|role| format!("; set local role {role}"));
        let statement =
            format!("{BEGIN}{}{}{setting}", timeouts.unwrap_or_default(), role.unwrap_or_default());
        // Safe: only numbers, UUIDs and validated role names are inserted.
        let begin = || self.pool.begin_with(AssertSqlSafe(statement.clone()));
        self.renew_login(false).await?;
        let mut begun = begin().await.map_err(StoreError::from);
        if begun.as_ref().is_err_and(StoreError::is_connection_lost) {
            begun = begin().await.map_err(StoreError::from);
        }
        if self.login.is_some() && begun.as_ref().is_err_and(StoreError::is_login_rejected) {
            // The password is being rotated, or was after it was read.
            self.renew_login(true).await?;
            begun =
                begin().await.map_err(|error| StoreError::from(error).with_login_as_transient());
        }
        begun
    }

    /// Fetches the credentials for new connections, if there is a source of them. Call it during a
    /// cold start, so that the first request does not wait.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the source fails.
    pub async fn prepare_login(&self) -> Result<(), StoreError> {
        self.renew_login(false).await
    }

    async fn renew_login(&self, is_rejected: bool) -> Result<(), StoreError> {
        let Some(source) = &self.login else { return Ok(()) };
        let target = Target {
            host: self.options.get_host().to_owned(),
            port: self.options.get_port(),
            user: self.options.get_username().to_owned(),
        };
        let login = source.login(&target, is_rejected).await;
        let login =
            login.map_err(|error| StoreError::Unavailable(sqlx::Error::Configuration(error)))?;
        if let Some(login) = login {
            let user = login.user.unwrap_or(target.user);
            let options = self.options.clone().username(&user);
            self.pool.set_connect_options(options.password(login.password.expose_secret()));
        }
        Ok(())
    }

    /// Applies missing migrations as the user who logs in. That user must own the tables and, the
    /// first time on a server, may have to create roles. Ignores unknown migrations in the
    /// database: they are from a newer deployment that was rolled back, and migrations are
    /// compatible with the previous code.
    ///
    /// # Errors
    /// If a migration fails, or was edited after it had been applied.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use secrecy::SecretString;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;
    use tributary_postgres::{Options, Postgres, Storage};
    use url::Url;

    use super::Store;

    /// Forwards connections to PostgreSQL. When the flag is set, the connections that exist drop
    /// every byte without being closed, and new ones are forwarded.
    async fn proxy(target: String) -> (u16, Arc<AtomicBool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let drop_flows = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&drop_flows);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (target, flag) = (target.clone(), Arc::clone(&flag));
                tokio::spawn(async move {
                    let is_new = flag.load(Ordering::SeqCst);
                    let mut server = TcpStream::connect(target).await.unwrap();
                    let (mut sent, mut received) = ([0; 4096], [0; 4096]);
                    loop {
                        tokio::select! {
                            read = client.read(&mut sent) => {
                                let Ok(count @ 1..) = read else { return };
                                if is_new || !flag.load(Ordering::SeqCst) {
                                    server.write_all(&sent[..count]).await.unwrap();
                                }
                            }
                            read = server.read(&mut received) => {
                                let Ok(count @ 1..) = read else { return };
                                client.write_all(&received[..count]).await.unwrap();
                            }
                        }
                    }
                });
            }
        });
        (port, drop_flows)
    }

    #[tokio::test]
    async fn idle_connection_whose_flow_was_dropped_is_replaced() {
        let options = Options { storage: Storage::Temporary, progress: &|_| {} };
        let server = Postgres::start(options).await.unwrap();
        let mut url = Url::parse(&server.url("postgres")).unwrap();
        let target = format!("127.0.0.1:{}", url.port().unwrap());
        let (port, drop_flows) = proxy(target).await;
        url.set_ip_host([127, 0, 0, 1].into()).unwrap();
        url.set_port(Some(port)).unwrap();

        let idle_max = Duration::from_millis(50);
        let url = SecretString::from(url.as_str());
        let store = Store::connect_lazily_with(&url, idle_max).unwrap();
        store.begin_for_all().await.unwrap().rollback().await.unwrap();
        // The connection returns to the pool in the background.
        tokio::time::sleep(idle_max).await;
        drop_flows.store(true, Ordering::SeqCst);
        tokio::time::sleep(idle_max).await;
        let begun = timeout(Duration::from_secs(10), store.begin_for_all()).await;
        begun.expect("begin returns").unwrap();
        server.stop().await.unwrap();
    }
}
