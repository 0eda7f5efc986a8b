//! Whether PostgreSQL answers.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Asks for nothing but an answer.
///
/// # Errors
/// [`StoreError`] if there is none.
pub async fn ping(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(unnamed(connection)).await?;
    Ok(())
}
