//! Retention: what relay removes because of its age. Each function processes a limited number of rows
//! in one database transaction, and skips rows that another one has locked.

use std::time::Duration;

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::interval::millis;
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

/// Deletes about `limit` revisions that were replaced more than `days` ago. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_revisions(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<i64, StoreError> {
    let deleted = sqlx::query_file_scalar!("src/retention/delete_revisions.sql", days, limit)
        .fetch_one(unnamed(connection))
        .await?;
    Ok(deleted)
}

/// The result of [`delete_transactions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// The number of deleted transactions.
    pub done: i64,
    /// Whether there are accounts that this pass has not examined.
    pub is_more: bool,
}

/// Deletes about `limit` finished transactions that were booked more than `days` ago, of the next
/// `accounts_max` accounts. After the last account, a new pass begins no sooner than after `pause`.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_transactions(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
    accounts_max: i64,
    pause: Duration,
) -> Result<Deleted, StoreError> {
    let deleted = sqlx::query_file_as!(
        Deleted,
        "src/retention/delete_transactions.sql",
        days,
        limit,
        accounts_max,
        millis(pause)
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(deleted)
}

/// Deletes up to `limit` records of deleted transactions that are older than `days`, which must be
/// more than twice the age at which [`drop_members`] examines batches: no list contains them any
/// more then. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_records(
    connection: &mut PgConnection,
    days: i32,
    limit: i64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        r#"
        delete from deleted_transactions
        where ctid = any(array(
            select ctid from deleted_transactions
            where deleted_at < now() - make_interval(days => $1)
            order by deleted_at
            limit $2
            for update skip locked
        ))
        "#,
        days,
        limit
    )
    .execute(unnamed(connection))
    .await?;
    Ok(deleted.rows_affected())
}
