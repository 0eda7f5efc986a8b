//! Erasing a tenant, or an account of a tenant that goes on working, in database transactions of a
//! limited number of rows. Each of them can be repeated, and the work continued by another process.
//!
//! A tenant or an account is marked first, so that no batch for it is accepted any more. A step then
//! deletes rows of one kind, and skips those that another database transaction has locked: it never
//! waits while it holds a lock. The marked row itself is deleted last, when nothing refers to it.

/// Deletes some rows of a table, in an order, and skips locked ones. `$1` is the maximum number; the
/// condition has the other arguments. Returns how many.
macro_rules! delete_some {
    ($connection:ident, $limit:ident, $table:tt, $condition:tt, $order:tt, $($argument:expr),+) => {
        sqlx::query!(
            "delete from " + $table + " where ctid = any(array(select ctid from " + $table
                + " where " + $condition + " order by " + $order
                + " limit $1 for update skip locked))",
            $limit,
            $($argument),+
        )
        .execute(unnamed($connection))
        .await?
        .rows_affected()
    };
}

mod account;
mod tenant;

pub use account::{AccountStep, Boundary, account_boundary, begin_account, finish_account};
pub use tenant::{TenantStep, begin_tenant, finish_tenant};

use sqlx::PgConnection;
use tributary_domain::TenantId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The result of one turn of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// The number of deleted rows, and of batches whose list was changed.
    pub done: u64,
    /// Whether the step may have more to do.
    pub is_more: bool,
    /// Whether another database transaction has locked some of the rows.
    pub is_blocked: bool,
}

impl Turn {
    const fn of(done: u64) -> Self {
        Self { done, is_more: done > 0, is_blocked: false }
    }
}

/// Deletes locked batches with their slices. Returns how many rows.
async fn delete_locked_batches(
    connection: &mut PgConnection,
    tenant: TenantId,
    batches: &[Uuid],
) -> Result<u64, StoreError> {
    if batches.is_empty() {
        return Ok(0);
    }
    // A statement of its own: a retry may have inserted slices before the batches were locked.
    let slices = sqlx::query!(
        "delete from slices where tenant_id = $1 and batch_id = any($2)",
        tenant.0,
        batches
    )
    .execute(unnamed(connection))
    .await?;
    let deleted = sqlx::query!(
        "delete from batches where tenant_id = $1 and batch_id = any($2)",
        tenant.0,
        batches
    )
    .execute(unnamed(connection))
    .await?;
    Ok(slices.rows_affected() + deleted.rows_affected())
}

/// Treats rows that others still refer to as not deleted. The database transaction is aborted then.
fn unless_referenced(result: Result<u64, StoreError>) -> Result<u64, StoreError> {
    match result {
        Err(error) if error.is_still_referenced() => Ok(0),
        other => other,
    }
}
