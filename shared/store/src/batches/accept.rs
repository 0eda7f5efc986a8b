//! Accepting a batch: its row is inserted first, and corrected if it contains known transactions.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::request::ContentHash;
use tributary_domain::{BatchId, CorrelationId, TenantId};

use super::AcceptedBatch;
use crate::enrichment::SLICE_MAX;
use crate::error::StoreError;
use crate::interval::millis;
use crate::transactions::Written;
use crate::unnamed::unnamed;

/// How long to wait for another request with the same idempotency key.
pub const KEY_WAIT: Duration = Duration::from_secs(2);

/// The limits of one tenant, so that it does not delay the others.
#[derive(Clone, Copy, Debug)]
pub struct TenantLimits {
    /// The most batches that are written at once.
    pub concurrency: u16,
    /// The most unfinished slices, of up to [`SLICE_MAX`] transactions each, with which a further
    /// batch is accepted.
    pub backlog: u32,
}

impl Default for TenantLimits {
    fn default() -> Self {
        Self { concurrency: 4, backlog: 10_000 }
    }
}

/// A batch before its transactions are written.
#[derive(Clone, Copy, Debug)]
pub struct NewBatch<'b> {
    /// The tenant.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
    /// The idempotency key and the hash of the content, if the request has a key.
    pub key: Option<(&'b str, &'b ContentHash)>,
    /// The correlation id of the request.
    pub correlation: &'b CorrelationId,
    /// The X-Ray trace header of the request.
    pub trace_header: Option<&'b str>,
    /// The ids of the transactions, without removals.
    pub transaction_ids: &'b [&'b str],
    /// The number of messages that announce the batch if all transactions are new.
    pub message_count: i32,
    /// When relay announces the batch, unless a worker has claimed work of it before.
    pub announce_after: Duration,
    /// The limits of the tenant.
    pub limits: TenantLimits,
}

/// The result of [`insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The batch is inserted, and this database transaction has locked its key.
    New {
        /// When relay announces it.
        announce_at: DateTime<Utc>,
    },
    /// Another batch has the key, and [`of_key`] returns it, or the tenant is being erased.
    KeyUsed,
    /// Another database transaction has held the key for longer than [`KEY_WAIT`]. This one must be
    /// rolled back.
    KeyInUse,
    /// The tenant writes too many batches at once. This database transaction must be rolled back.
    TooManyAtOnce,
    /// The tenant has too many unfinished slices. This database transaction must be rolled back.
    TooMuchBacklog,
}

/// Inserts the row of a batch and its slices, before its transactions, as if all of them were new.
/// Call [`correct`] if they are not, or if there are none.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn insert(
    connection: &mut PgConnection,
    new: &NewBatch<'_>,
) -> Result<Inserted, StoreError> {
    let inserted = sqlx::query_file!(
        "src/batches/insert.sql",
        new.tenant.0,
        new.batch.0,
        new.key.map(|(key, _)| key),
        new.key.map(|(_, hash)| hash.as_bytes()),
        new.correlation.as_str(),
        new.trace_header,
        new.transaction_ids as _,
        new.message_count,
        millis(new.announce_after),
        millis(KEY_WAIT),
        SLICE_MAX,
        i32::from(new.limits.concurrency),
        i64::from(new.limits.backlog)
    )
    .fetch_one(unnamed(connection))
    .await
    .map_err(StoreError::from);
    match inserted {
        Ok(row) => Ok(match row.announce_at {
            None => Inserted::KeyUsed,
            Some(_) if row.has_backlog => Inserted::TooMuchBacklog,
            Some(_) if !row.has_slot => Inserted::TooManyAtOnce,
            Some(announce_at) => Inserted::New { announce_at },
        }),
        Err(error) if error.is_lock_timeout() => Ok(Inserted::KeyInUse),
        Err(error) => Err(error),
    }
}

/// The batch of an idempotency key.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyedBatch {
    /// The [`ContentHash`] of the request.
    pub content_hash: Vec<u8>,
    /// The response to it.
    pub batch: AcceptedBatch,
}

/// Reads the batch that has a key. Call it in a separate statement after [`insert`], which may have
/// waited for that batch to be committed.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn of_key(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &str,
) -> Result<Option<KeyedBatch>, StoreError> {
    let row = sqlx::query!(
        r#"
        select
            batch_id, correlation_id, content_hash as "content_hash!", inserted, updated, unchanged,
            removed, removed_unknown
        from batches
        where tenant_id = $1 and idempotency_key = $2
        "#,
        tenant.0,
        key
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.map(|row| KeyedBatch {
        content_hash: row.content_hash,
        batch: AcceptedBatch {
            batch_id: BatchId(row.batch_id),
            correlation_id: row.correlation_id,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
            removed: row.removed,
            removed_unknown: row.removed_unknown,
        },
    }))
}

/// Corrects the row of a batch after its transactions, unless all of them are new and it removes
/// nothing, and deletes the slices without work. Returns when relay announces the batch; `None` if there is no work, and the
/// batch is finished.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn correct(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    written: Written,
    message_count: i32,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let announce_at = sqlx::query_file_scalar!(
        "src/batches/correct.sql",
        tenant.0,
        batch.0,
        written.inserted,
        written.updated,
        written.unchanged,
        message_count,
        written.removed,
        written.removed_unknown
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(announce_at)
}
