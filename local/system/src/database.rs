//! The database of a run, fully migrated: on a given server, or on one that is started for it.

use secrecy::SecretString;
use tributary_postgres::{Options, Pooler, Postgres, Storage};
use tributary_store::{Store, StoreError, database};
use url::Url;
use uuid::Uuid;

/// The name of the database on a server that this crate starts.
const DATABASE_NAME: &str = "tributary";

/// Why the database cannot be set up or removed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database URL is invalid.
    #[error("DATABASE_URL is not a URL")]
    Url(#[from] url::ParseError),
    /// The server did not start or stop.
    #[error("PostgreSQL cannot be started")]
    Server(#[from] tributary_postgres::Error),
    /// The connection pooler did not start.
    #[error("PgBouncer cannot be started")]
    Pooler(#[source] tributary_postgres::Error),
    /// The server rejected a statement or a connection.
    #[error("the database cannot be set up")]
    Store(#[from] StoreError),
    /// A migration failed.
    #[error("the migrations cannot be applied")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// A migrated database, and the servers that were started for it.
pub struct Database {
    url: String,
    server: Option<Postgres>,
    pooler: Option<Pooler>,
    /// A database to drop at the end of the run: its name, and the URL of its server.
    temporary: Option<(String, String)>,
}

impl Database {
    /// Sets up a database on the given server, or on a new one. On a given server, temporary
    /// storage means a database of its own.
    pub async fn start(
        given_url: Option<&str>,
        storage: Storage,
        progress: tributary_postgres::Progress<'_>,
    ) -> Result<Self, DatabaseError> {
        let database = match (given_url, storage) {
            (Some(given), Storage::Kept(_)) => {
                progress("PostgreSQL: using DATABASE_URL");
                Self { url: given.to_owned(), server: None, pooler: None, temporary: None }
            }
            (Some(given), Storage::Temporary) => {
                let name = format!("tributary_{}", Uuid::now_v7().simple());
                progress(&format!("PostgreSQL: using the server of DATABASE_URL, database {name}"));
                database::create(given, &name, None).await?;
                let mut url = Url::parse(given)?;
                url.set_path(&name);
                let temporary = Some((name, given.to_owned()));
                Self { url: url.into(), server: None, pooler: None, temporary }
            }
            (None, storage) => {
                let server = Postgres::start(Options { storage, progress }).await?;
                database::create_if_missing(&server.url("postgres"), DATABASE_NAME).await?;
                let url = server.url(DATABASE_NAME);
                Self { url, server: Some(server), pooler: None, temporary: None }
            }
        };
        let store = database.store()?;
        store.migrate().await?;
        store.close().await;
        Ok(database)
    }

    /// Starts PgBouncer for it, in transaction mode.
    pub async fn start_pooler(
        &mut self,
        progress: tributary_postgres::Progress<'_>,
    ) -> Result<(), DatabaseError> {
        let pooler = Pooler::start(&self.url, progress).await.map_err(DatabaseError::Pooler)?;
        self.pooler = Some(pooler);
        Ok(())
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL for the functions: that of PgBouncer, if it runs.
    pub fn functions_url(&self) -> Result<String, DatabaseError> {
        let Some(pooler) = &self.pooler else { return Ok(self.url.clone()) };
        Ok(pooler.url(Url::parse(&self.url)?.path().trim_start_matches('/')))
    }

    /// The server, if this run started it.
    pub fn server_mut(&mut self) -> Option<&mut Postgres> {
        self.server.as_mut()
    }

    /// A store with its own connection pool.
    pub fn store(&self) -> Result<Store, StoreError> {
        Store::connect_lazily(&SecretString::from(self.url.as_str()))
    }

    /// Stops the servers and drops the temporary database.
    pub async fn stop(self) -> Result<(), DatabaseError> {
        // First: a database with open connections cannot be dropped.
        if let Some(pooler) = self.pooler {
            pooler.stop().await?;
        }
        if let Some((name, given_url)) = self.temporary {
            database::drop(&given_url, &name).await?;
        }
        if let Some(server) = self.server {
            server.stop().await?;
        }
        Ok(())
    }
}
