//! The migrations, and which of them a database lacks.

use std::collections::HashSet;

use sqlx::PgConnection;
pub use sqlx::migrate::MigrateError;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The migrations of `migrations/`, in order.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// SQLSTATE of a missing table.
const UNDEFINED_TABLE: &str = "42P01";

/// Returns the versions of the missing migrations, in order. In an empty database the statement
/// fails, which aborts the database transaction.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn missing(connection: &mut PgConnection) -> Result<Vec<i64>, StoreError> {
    // Not checked at compile time: sqlx creates this table with the first migration.
    let applied = sqlx::query_scalar("select version from _sqlx_migrations where success")
        .fetch_all(unnamed(connection))
        .await;
    let applied: HashSet<i64> = match applied {
        Ok(applied) => applied.into_iter().collect(),
        Err(error) if is_undefined_table(&error) => HashSet::new(),
        Err(error) => return Err(error.into()),
    };
    let known = MIGRATOR.iter().map(|migration| migration.version);
    Ok(known.filter(|version| !applied.contains(version)).collect())
}

fn is_undefined_table(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code == UNDEFINED_TABLE)
}
