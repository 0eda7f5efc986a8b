//! The connection of one Lambda environment, and the transactions that are opened on it.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgTypeInfo};
use sqlx::{AssertSqlSafe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};
use tributary_domain::TenantId;

use crate::error::StoreError;

/// An open database transaction; dropped without a commit it is rolled back.
pub type Transaction = sqlx::Transaction<'static, Postgres>;

/// Without just-in-time compilation: of statements that run for milliseconds it takes seconds, whenever
/// the planner overrates how many rows a batch's arrays have.
const BEGIN: &str = "begin; set local jit = off";

/// How a function reaches PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// One connection for each Lambda environment: an environment handles one event at a time.
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
        let pool = PgPoolOptions::new()
            .max_connections(Self::CONNECTIONS_MAX)
            .acquire_timeout(Self::CONNECT_TIMEOUT)
            // A ping before each use would cost a round trip; `begin` notices a dead connection itself.
            .test_before_acquire(false)
            .connect_lazy_with(options.statement_cache_capacity(0));
        Ok(Self { pool })
    }

    /// Begins a transaction for one tenant: `tributary.tenant_id` is set for as long as it lasts,
    /// in the same round trip.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin(&self, tenant: TenantId) -> Result<Transaction, StoreError> {
        self.begin_with(format!("{BEGIN}; set local tributary.tenant_id = '{tenant}'")).await
    }

    /// Begins a transaction for no tenant: for finding a key's tenant, and for work over all of them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if PostgreSQL cannot be reached.
    pub async fn begin_for_all(&self) -> Result<Transaction, StoreError> {
        self.begin_with(BEGIN.to_owned()).await
    }

    /// A connection that stood idle may have died since; beginning is safe to try again, on a new one.
    async fn begin_with(&self, statement: String) -> Result<Transaction, StoreError> {
        // Safe: the only parts put in are ids of our own type.
        let begin = || self.pool.begin_with(AssertSqlSafe(statement.clone()));
        match begin().await.map_err(StoreError::from) {
            Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)) => {
                Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut))
            }
            Err(StoreError::Unavailable(_)) => Ok(begin().await?),
            other => other,
        }
    }

    /// Applies the migrations that the database does not have yet.
    ///
    /// # Errors
    /// If one cannot be applied, or one that was applied has been edited since.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        crate::MIGRATOR.run(&self.pool).await
    }

    /// Closes the connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Sends a statement unnamed. A named one stays on its server connection, which a pooler in
/// transaction mode gives to the next client, and which makes RDS Proxy pin the session.
pub(crate) fn unnamed(connection: &mut PgConnection) -> Unnamed<'_> {
    Unnamed(connection)
}

/// See [`unnamed`].
#[derive(Debug)]
pub(crate) struct Unnamed<'c>(&'c mut PgConnection);

impl<'c> Executor<'c> for Unnamed<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.0.fetch_many(UnnamedQuery(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.0.fetch_optional(UnnamedQuery(query))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<sqlx::postgres::PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.0.prepare_with(sql, parameters)
    }

    fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.0.describe(sql)
    }
}

struct UnnamedQuery<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for UnnamedQuery<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&sqlx::postgres::PgStatement> {
        self.0.statement()
    }

    fn take_arguments(
        &mut self,
    ) -> Result<Option<sqlx::postgres::PgArguments>, sqlx::error::BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}
