//! The database of a run: on a given server or on one that is started for it, with every migration.

use secrecy::SecretString;
use tributary_postgres::{Options, Pooler, Postgres, Storage};
use tributary_store::{Store, StoreError, database};
use url::Url;
use uuid::Uuid;

/// What the database is called on a server of our own.
const DATABASE_NAME: &str = "tributary";

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The given URL is none.
    #[error("DATABASE_URL is not a URL")]
    Url(#[from] url::ParseError),
    /// No server could be started.
    #[error("PostgreSQL cannot be started")]
    Server(#[from] tributary_postgres::Error),
    /// No connection pooler could be put in front of it.
    #[error("PgBouncer cannot be started")]
    Pooler(#[source] tributary_postgres::Error),
    /// The server refused.
    #[error("the database cannot be set up")]
    Store(#[from] StoreError),
    /// A migration could not be applied.
    #[error("the migrations cannot be applied")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// A migrated database, and what has to be undone after it.
pub struct Database {
    url: String,
    server: Option<Postgres>,
    pooler: Option<Pooler>,
    /// A database on a given server that goes when the run does: its name, and the given URL.
    throw_away: Option<(String, String)>,
}

impl Database {
    /// Makes a database ready: on the given server, where a temporary run gets a database of its own,
    /// or on a server that is started for it.
    pub async fn start(
        given_url: Option<&str>,
        storage: Storage,
        progress: tributary_postgres::Progress<'_>,
    ) -> Result<Self, DatabaseError> {
        let database = match (given_url, storage) {
            (Some(given), Storage::Kept(_)) => {
                progress("PostgreSQL: using DATABASE_URL");
                Self { url: given.to_owned(), server: None, pooler: None, throw_away: None }
            }
            (Some(given), Storage::Temporary) => {
                let name = format!("tributary_{}", Uuid::now_v7().simple());
                progress(&format!("PostgreSQL: using the server of DATABASE_URL, database {name}"));
                database::create(given, &name, None).await?;
                let mut url = Url::parse(given)?;
                url.set_path(&name);
                let throw_away = Some((name, given.to_owned()));
                Self { url: url.into(), server: None, pooler: None, throw_away }
            }
            (None, storage) => {
                let server = Postgres::start(Options { storage, progress }).await?;
                database::create_if_missing(&server.url("postgres"), DATABASE_NAME).await?;
                let url = server.url(DATABASE_NAME);
                Self { url, server: Some(server), pooler: None, throw_away: None }
            }
        };
        let store = database.store()?;
        store.migrate().await?;
        store.close().await;
        Ok(database)
    }

    /// Puts PgBouncer in front of it, in transaction mode.
    pub async fn start_pooler(
        &mut self,
        progress: tributary_postgres::Progress<'_>,
    ) -> Result<(), DatabaseError> {
        let pooler = Pooler::start(&self.url, progress).await.map_err(DatabaseError::Pooler)?;
        self.pooler = Some(pooler);
        Ok(())
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the functions are to find it: the pooler's, if there is one.
    pub fn functions_url(&self) -> Result<String, DatabaseError> {
        let Some(pooler) = &self.pooler else { return Ok(self.url.clone()) };
        Ok(pooler.url(Url::parse(&self.url)?.path().trim_start_matches('/')))
    }

    /// The server, if it was started for this run.
    pub fn server_mut(&mut self) -> Option<&mut Postgres> {
        self.server.as_mut()
    }

    /// A connection to it.
    pub fn store(&self) -> Result<Store, StoreError> {
        Store::connect_lazily(&SecretString::from(self.url.as_str()))
    }

    /// Undoes what was made for the run.
    pub async fn stop(self) -> Result<(), DatabaseError> {
        // First, since a database that it is connected to cannot be dropped.
        if let Some(pooler) = self.pooler {
            pooler.stop().await?;
        }
        if let Some((name, given_url)) = self.throw_away {
            database::drop(&given_url, &name).await?;
        }
        if let Some(server) = self.server {
            server.stop().await?;
        }
        Ok(())
    }
}
