//! Lists the batches of a tenant.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, BatchStatus, TenantId};

use super::AcceptedBatch;
use crate::error::StoreError;
use crate::paging::{SCAN_MAX, split};
use crate::unnamed::unnamed;

/// Which batches of a tenant to list, and how many.
#[derive(Clone, Copy, Debug)]
pub struct BatchQuery {
    /// Only batches with this status.
    pub status: Option<BatchStatus>,
    /// The last batch of the previous page.
    pub after: Option<BatchId>,
    /// The maximum number of batches.
    pub limit: i64,
}

/// A batch of a list.
#[derive(Clone, Debug)]
pub struct ListedBatch {
    /// The response with which it was accepted.
    pub batch: AcceptedBatch,
    /// The name of its [`BatchStatus`].
    pub status: String,
    /// The number of its transactions that had failed when it was finished.
    pub failed: i32,
    /// The number of its transactions that are no longer stored, as far as relay has counted them.
    pub erased: i32,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When a worker first claimed transactions of it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last transaction was finished.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One page of a tenant's batches.
#[derive(Clone, Debug)]
pub struct BatchPage {
    /// The batches, newest first.
    pub batches: Vec<ListedBatch>,
    /// The batch after which the next page starts; `None` on the last page. A page of a status that
    /// scanned [`SCAN_MAX`] batches may be short, or empty, and still have a next one.
    pub next: Option<BatchId>,
}

/// Reads one page of a tenant's batches.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn list(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: BatchQuery,
) -> Result<BatchPage, StoreError> {
    // One more than the page, to detect whether there is a next one.
    let wanted = query.limit + 1;
    let scan_max = if query.status.is_some() { SCAN_MAX.max(wanted) } else { wanted };
    let found = matching(connection, tenant, query, wanted, scan_max).await?;
    let (batches, last) = split(found, query.limit);
    let next = match last {
        Some(last) => Some(last.batch.batch_id),
        None if query.status.is_some() => last_scanned(connection, tenant, query, scan_max).await?,
        None => None,
    };
    Ok(BatchPage { batches, next })
}

/// The batches that match, of the next `scan_max`.
async fn matching(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: BatchQuery,
    limit: i64,
    scan_max: i64,
) -> Result<Vec<ListedBatch>, StoreError> {
    let rows = sqlx::query_file!(
        "src/batches/list.sql",
        tenant.0,
        query.after.map(|batch| batch.0),
        query.status.map(BatchStatus::as_str),
        limit,
        scan_max
    )
    .fetch_all(unnamed(connection))
    .await?;
    let batches = rows.into_iter().map(|row| ListedBatch {
        batch: AcceptedBatch {
            batch_id: BatchId(row.batch_id),
            correlation_id: row.correlation_id,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
            removed: row.removed,
            removed_unknown: row.removed_unknown,
        },
        status: row.status,
        failed: row.failed,
        erased: row.erased,
        accepted_at: row.accepted_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    });
    Ok(batches.collect())
}

/// The last batch of a scan that was limited.
async fn last_scanned(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: BatchQuery,
    scan_max: i64,
) -> Result<Option<BatchId>, StoreError> {
    let batch = sqlx::query_scalar!(
        r#"
        select batch_id from batches
        where tenant_id = $1 and ($2::uuid is null or batch_id < $2)
        order by batch_id desc
        limit 1 offset $3
        "#,
        tenant.0,
        query.after.map(|batch| batch.0),
        scan_max - 1
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(batch.map(BatchId))
}
