//! The progress of a batch and its failures.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, StatusCounts, TenantId};

use super::AcceptedBatch;
use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The maximum number of failed transactions that [`failures`] returns.
pub const FAILURES_SHOWN_MAX: i64 = 10;

/// The progress of a batch.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The response with which it was accepted.
    pub batch: AcceptedBatch,
    /// The number of its transactions in each status.
    pub counts: StatusCounts,
    /// The number of its transactions that are no longer stored. With the counts it adds up to the
    /// total.
    pub erased: i64,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When a worker first claimed transactions of it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last transaction was finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A transaction that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The transaction.
    pub transaction_id: String,
    /// Why it failed.
    pub reason: String,
    /// The number of attempts.
    pub attempts: i32,
}

/// Reads the progress of a batch; `None` if the tenant has no such batch.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn progress(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<Option<Progress>, StoreError> {
    let row = sqlx::query_file!("src/batches/progress.sql", tenant.0, batch.0)
        .fetch_optional(unnamed(connection))
        .await?;
    Ok(row.map(|row| Progress {
        batch: AcceptedBatch {
            batch_id: batch,
            correlation_id: row.correlation_id,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
            removed: row.removed,
            removed_unknown: row.removed_unknown,
        },
        counts: StatusCounts {
            pending: row.pending,
            processing: row.processing,
            completed: row.completed,
            failed: row.failed,
        },
        erased: row.erased,
        accepted_at: row.accepted_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }))
}

/// Reads the first failed transactions of a batch by id, at most [`FAILURES_SHOWN_MAX`].
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn failures(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<Vec<Failure>, StoreError> {
    let failures = sqlx::query_as!(
        Failure,
        r#"
        select
            member.transaction_id,
            member.failure_reason as "reason!",
            member.attempts
        from batches as batch
        inner join transactions as member
            on
                batch.tenant_id = member.tenant_id
                and member.transaction_id = any(batch.transaction_ids)
        where batch.tenant_id = $1 and batch.batch_id = $2 and member.status = 'failed'
        order by member.transaction_id
        limit $3
        "#,
        tenant.0,
        batch.0,
        FAILURES_SHOWN_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(failures)
}
