//! The outbox: messages of committed batches that are not yet sent to the queue.

use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// The unsent messages of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The tenant of the batch.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
    /// Identifies this entry among others written for the same batch.
    pub entry_id: Uuid,
    /// The correlation id of the request.
    pub correlation_id: String,
    /// The X-Ray trace header of that request.
    pub trace_header: Option<String>,
    /// The number of identical messages.
    pub message_count: i32,
}

/// Inserts an entry, in the database transaction that creates the work. Replaces an entry of the
/// same batch and keeps the larger message count.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn insert(connection: &mut PgConnection, entry: &OutboxEntry) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into outbox (
            tenant_id, batch_id, entry_id, correlation_id, trace_header, message_count
        )
        values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant_id, batch_id) do update
        set
            entry_id = excluded.entry_id,
            message_count = greatest(outbox.message_count, excluded.message_count)
        "#,
        entry.tenant.0,
        entry.batch.0,
        entry.entry_id,
        entry.correlation_id,
        entry.trace_header,
        entry.message_count
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Deletes an entry whose messages were sent, unless another entry replaced it.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete(connection: &mut PgConnection, entry: &OutboxEntry) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from outbox where tenant_id = $1 and batch_id = $2 and entry_id = $3",
        entry.tenant.0,
        entry.batch.0,
        entry.entry_id
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Locks the entries of at least this age, oldest first, over all tenants, until the end of the
/// database transaction. Skips entries that another relay has locked.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn lock_due(
    connection: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select tenant_id, batch_id, entry_id, correlation_id, trace_header, message_count
        from outbox
        where created_at <= now() - $1::bigint * interval '1 millisecond'
        order by created_at, batch_id
        limit $2
        for update skip locked
        "#,
        millis(age),
        limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    let entries = rows.into_iter().map(|row| OutboxEntry {
        tenant: TenantId(row.tenant_id),
        batch: BatchId(row.batch_id),
        entry_id: row.entry_id,
        correlation_id: row.correlation_id,
        trace_header: row.trace_header,
        message_count: row.message_count,
    });
    Ok(entries.collect())
}

/// Inserts an entry for up to `limit` stalled batches, over all tenants: unfinished, last announced
/// at least `age` ago, without an active lease. Returns how many of them had no entry yet.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn requeue_stalled(
    connection: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<u64, StoreError> {
    let inserted = sqlx::query_file!("src/outbox/requeue_stalled.sql", millis(age), limit)
        .execute(unnamed(connection))
        .await?;
    Ok(inserted.rows_affected())
}
