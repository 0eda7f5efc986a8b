//! Batches: accept, finish, report progress.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, CorrelationId, StatusCounts, TenantId};

use crate::error::StoreError;
use crate::transactions::Written;
use crate::unnamed::unnamed;

/// The maximum number of failed transactions that [`failures`] returns.
pub const FAILURES_SHOWN_MAX: i64 = 10;

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
}

impl AcceptedBatch {
    /// The number of transactions.
    #[must_use]
    pub const fn total(&self) -> i32 {
        self.inserted + self.updated + self.unchanged
    }
}

/// Inserts a batch after its transactions. A batch that changed nothing is finished at once.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn insert(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    correlation: &CorrelationId,
    transaction_ids: &[&str],
    written: Written,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into batches (
            tenant_id, batch_id, correlation_id, transaction_ids, inserted, updated, unchanged,
            accepted_at, announced_at, started_at, finished_at
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, now(), now(),
            case when $8 then now() end, case when $8 then now() end
        )
        "#,
        tenant.0,
        batch.0,
        correlation.as_str(),
        transaction_ids as _,
        written.inserted,
        written.updated,
        written.unchanged,
        written.changed() == 0
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// The work of a batch that remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingWork {
    /// None: the batch is marked as finished.
    Nothing,
    /// Only rows that other workers hold under a lease.
    Leased,
    /// Pending rows, such as those that another worker has locked or just released.
    Pending,
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
    let row = sqlx::query!(
        r#"
        with work as (
            select
                coalesce(bool_or(status = 'pending'), false) as is_pending,
                coalesce(bool_or(status = 'processing'), false) as is_held
            from transactions
            where tenant_id = $1 and batch_id = $2
        ),

        finished as (
            update batches as batch
            set started_at = coalesce(batch.started_at, now()), finished_at = now()
            from work
            where
                batch.tenant_id = $1
                and batch.batch_id = $2
                and batch.finished_at is null
                and not work.is_pending
                and not work.is_held
            returning
                (extract(epoch from now() - batch.accepted_at) * 1000)::bigint as lag_ms
        )

        select
            is_pending as "is_pending!", is_held as "is_held!",
            (select lag_ms from finished) as lag_ms
        from work
        "#,
        tenant.0,
        batch.0
    )
    .fetch_one(unnamed(connection))
    .await?;
    let remaining = match (row.is_pending, row.is_held) {
        (true, _) => RemainingWork::Pending,
        (false, true) => RemainingWork::Leased,
        (false, false) => RemainingWork::Nothing,
    };
    Ok(FinishOutcome { remaining, lag_ms: row.lag_ms })
}

/// The progress of a batch.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The response with which it was accepted.
    pub batch: AcceptedBatch,
    /// The number of its transactions in each status.
    pub counts: StatusCounts,
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
    let row = sqlx::query!(
        r#"
        select
            batch.correlation_id, batch.inserted, batch.updated, batch.unchanged,
            batch.accepted_at, batch.started_at, batch.finished_at,
            counts.pending as "pending!", counts.processing as "processing!",
            counts.completed as "completed!", counts.failed as "failed!"
        from batches as batch
        cross join lateral (
            select
                count(*) filter (where member.status = 'pending') as pending,
                count(*) filter (where member.status = 'processing') as processing,
                count(*) filter (where member.status = 'completed') as completed,
                count(*) filter (where member.status = 'failed') as failed
            from transactions as member
            where
                member.tenant_id = batch.tenant_id
                and member.transaction_id = any(batch.transaction_ids)
        ) as counts
        where batch.tenant_id = $1 and batch.batch_id = $2
        "#,
        tenant.0,
        batch.0
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.map(|row| Progress {
        batch: AcceptedBatch {
            batch_id: batch,
            correlation_id: row.correlation_id,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
        },
        counts: StatusCounts {
            pending: row.pending,
            processing: row.processing,
            completed: row.completed,
            failed: row.failed,
        },
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
