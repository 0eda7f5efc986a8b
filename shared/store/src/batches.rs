//! Batches: accepted, worked on, finished.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, CorrelationId, StatusCounts, TenantId};

use crate::error::StoreError;
use crate::transactions::Written;
use crate::unnamed::unnamed;

/// How many failed transactions a batch's progress names.
pub const FAILURES_SHOWN_MAX: i64 = 10;

/// What a batch was accepted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedBatch {
    /// The batch.
    pub batch_id: BatchId,
    /// The correlation id of the request that brought it.
    pub correlation_id: String,
    /// Transactions that nobody had.
    pub inserted: i32,
    /// Transactions that were known with other content.
    pub updated: i32,
    /// Transactions that were known as they are.
    pub unchanged: i32,
}

impl AcceptedBatch {
    /// How many transactions it has.
    #[must_use]
    pub const fn total(&self) -> i32 {
        self.inserted + self.updated + self.unchanged
    }
}

/// Keeps a batch whose transactions are written. One that changed nothing has no work to do and is
/// finished at once.
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

/// What is left of the work of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing: it is marked finished now.
    Nothing,
    /// Rows that other workers hold, and nothing else.
    Held,
    /// Rows that are pending: someone else has them locked at this moment, or just let go of them.
    Pending,
}

/// A look at what is left of the work of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What is left.
    pub left: Left,
    /// Where this look marked the batch as finished: how long that took since it was accepted, in
    /// milliseconds.
    pub lag_ms: Option<i64>,
}

/// Locks a batch's own row, so that retrying it and marking it finished come one after the other.
/// Answers whether there is such a batch.
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

/// Looks at what is left of the work of a batch that is locked, and marks it finished if that is nothing.
///
/// It has to see what other workers and retries committed, so it is a statement of its own after the
/// lock: one that waits for a lock itself does not look again.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn finish_if_settled(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<Settled, StoreError> {
    let looked = sqlx::query!(
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
    let left = match (looked.is_pending, looked.is_held) {
        (true, _) => Left::Pending,
        (false, true) => Left::Held,
        (false, false) => Left::Nothing,
    };
    Ok(Settled { left, lag_ms: looked.lag_ms })
}

/// How far a batch is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What it was accepted with.
    pub batch: AcceptedBatch,
    /// Its transactions by the status that they have now.
    pub counts: StatusCounts,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When a worker first claimed from it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last transaction was done.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A transaction that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which one.
    pub transaction_id: String,
    /// Why.
    pub reason: String,
    /// After how many attempts.
    pub attempts: i32,
}

/// How far a batch is; `None` if the tenant has no such batch.
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

/// The first failed transactions of a batch, by their ids, at most [`FAILURES_SHOWN_MAX`].
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
