//! PostgreSQL servers and stores for the tests of roles.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::{Role, Store};

/// Starts a server for one test.
pub async fn start() -> Postgres {
    Postgres::start(Options { storage: Storage::Temporary, progress: &|_| {} }).await.unwrap()
}

/// Runs statements on a new connection.
pub async fn execute(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(statements.to_owned())).await.unwrap();
}

pub fn store(url: &str) -> Store {
    Store::connect_lazily(&url.into()).unwrap()
}

/// Sets the role of a function for every database transaction of a store.
pub fn as_function(store: Store, function: &str) -> Store {
    store.as_role(Role::of_function(function).unwrap())
}

/// The SQLSTATE of an error that the server returned.
pub fn sqlstate(error: &sqlx::Error) -> String {
    let error = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
    error.code().unwrap_or_default().into_owned()
}
