//! Retention: what relay removes because of its age. Each function processes a limited number of rows
//! in one database transaction, and skips rows that another one has locked.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The result of examining rows that are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// The number of examined rows. If it is zero, no row is due.
    pub examined: i64,
    /// How many of them were removed or reduced.
    pub done: i64,
}

/// Examines up to `batches_max` batches that have been finished, or were last examined, more than
/// `days` ago. Removes the list of transactions of those whose transactions are all completed.
/// Examines no further batch after those with `transactions_max` transactions in all.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn drop_members(
    connection: &mut PgConnection,
    days: i32,
    batches_max: i64,
    transactions_max: i64,
) -> Result<Examined, StoreError> {
    let examined = sqlx::query_file_as!(
        Examined,
        "src/retention/drop_members.sql",
        days,
        batches_max,
        transactions_max
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(examined)
}

/// Examines up to `limit` batches without a list of transactions that have been finished, or were
/// last examined, more than `days` ago. Deletes those to which no transaction belongs, and with them
/// their idempotency keys.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_batches(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<Examined, StoreError> {
    let examined = sqlx::query_file_as!(Examined, "src/retention/delete_batches.sql", days, limit)
        .fetch_one(unnamed(connection))
        .await?;
    Ok(examined)
}
