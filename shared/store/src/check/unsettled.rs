//! The remaining work of all tenants.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The remaining work of all tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Transactions that are pending or processing.
    pub transactions: i64,
    /// Batches that are not finished.
    pub batches: i64,
    /// Slices that are not finished.
    pub slices: i64,
}

impl Unsettled {
    /// Whether no work remains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Counts the remaining work.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn unsettled(connection: &mut PgConnection) -> Result<Unsettled, StoreError> {
    let unsettled = sqlx::query_as!(
        Unsettled,
        r#"
        select
            (
                select count(*) from transactions where status = 'pending'
            ) as "transactions!",
            (select count(*) from batches where finished_at is null) as "batches!",
            (select count(*) from slices) as "slices!"
        "#
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(unsettled)
}
