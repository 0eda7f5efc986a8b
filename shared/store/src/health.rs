//! Whether PostgreSQL responds.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Runs a trivial statement.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn ping(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(unnamed(connection)).await?;
    Ok(())
}
