//! Batches: accept, reopen, finish, report progress, list.

mod accept;
mod list;
mod progress;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

pub use accept::{Inserted, KEY_WAIT, KeyedBatch, NewBatch, TenantLimits, correct, insert, of_key};
pub use list::{BatchPage, BatchQuery, ListedBatch, list};
pub use progress::{FAILURES_SHOWN_MAX, Failure, Progress, failures, progress};

/// The response to an accepted batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// The correlation id of the request.
    pub correlation_id: String,
    /// New transactions.
    pub inserted: i32,
    /// Stored transactions whose content changed.
    pub updated: i32,
    /// Stored transactions with the same content.
    pub unchanged: i32,
    /// Removals of stored transactions.
    pub removed: i32,
    /// Removals of unknown transactions.
    pub removed_unknown: i32,
}

impl AcceptedBatch {
    /// The number of transactions, without removals.
    #[must_use]
    pub const fn total(&self) -> i32 {
        self.inserted + self.updated + self.unchanged
    }
}

/// The work of a batch that remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingWork {
    /// None: the batch is marked as finished.
    Nothing,
    /// Only slices that other workers hold under a lease.
    Leased,
    /// Slices whose lease has expired, and no free ones.
    Expired,
    /// Free slices that another database transaction has locked or just released.
    Free,
}

/// The result of [`finish_if_done`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinishOutcome {
    /// The work that remains.
    pub remaining: RemainingWork,
    /// If this call marked the batch as finished: milliseconds since it was accepted.
    pub lag_ms: Option<i64>,
}

/// Locks the row of a batch, so that a retry and [`finish_if_done`] run one after the other.
/// Returns whether the batch exists.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn lock(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        r#"
        select batch_id from batches where tenant_id = $1 and batch_id = $2
        for no key update
        "#,
        tenant.0,
        batch.0
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.is_some())
}

/// Marks a batch as finished if no work remains. Call [`lock`] first, in a separate statement: a
/// statement that waits for a lock would not see what others committed in the meantime.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn finish_if_done(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<FinishOutcome, StoreError> {
    let row = sqlx::query_file!("src/batches/finish_if_done.sql", tenant.0, batch.0)
        .fetch_one(unnamed(connection))
        .await?;
    let remaining = match (row.free, row.expired, row.leased) {
        (1.., _, _) => RemainingWork::Free,
        (_, 1.., _) => RemainingWork::Expired,
        (_, _, 1..) => RemainingWork::Leased,
        _ => RemainingWork::Nothing,
    };
    Ok(FinishOutcome { remaining, lag_ms: row.lag_ms })
}

/// Makes a batch unfinished that has work again. Returns when relay announces it: `announce_after`
/// from now. Call [`lock`] first.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn reopen(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    message_count: i32,
    announce_after: Duration,
) -> Result<DateTime<Utc>, StoreError> {
    let announce_at = sqlx::query_scalar!(
        r#"
        update batches
        set
            finished_at = null,
            failed = 0,
            message_count = $3,
            announce_at = now() + $4::bigint * interval '1 millisecond'
        where tenant_id = $1 and batch_id = $2
        returning announce_at as "announce_at!"
        "#,
        tenant.0,
        batch.0,
        message_count,
        millis(announce_after)
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(announce_at)
}
