//! Transactions: writes those of a batch, reads those of an account.

mod columns;
mod pairs;
pub mod stored;

use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;
use columns::Columns;

/// Prepares a statement whose parameters are the tenant, the batch and then all [`Columns`].
macro_rules! query_columns {
    ($query:ident!($($source:tt)+), $tenant:ident, $batch:ident, $columns:ident) => {
        sqlx::$query!(
            $($source)+,
            $tenant.0,
            $batch.0,
            &$columns.positions,
            &$columns.transaction_ids as _,
            &$columns.account_ids as _,
            &$columns.amounts,
            &$columns.currencies as _,
            &$columns.booked_at,
            &$columns.authorized_on as _,
            &$columns.descriptions as _,
            &$columns.merchant_names as _,
            &$columns.payment_channels as _,
            &$columns.merchant_category_codes as _,
            &$columns.is_pending,
            &$columns.pending_transaction_ids as _
        )
    };
}

/// The number of written transactions of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// New transactions.
    pub inserted: i32,
    /// Stored transactions whose content changed.
    pub updated: i32,
    /// Stored transactions with the same content.
    pub unchanged: i32,
}

impl Written {
    /// The number of transactions to enrich.
    #[must_use]
    pub const fn changed(&self) -> i32 {
        self.inserted + self.updated
    }
}

/// Writes the transactions of a batch: inserts new ones and revises changed ones.
///
/// Concurrent batches may contain the same ids in any order: the second one waits for the first to
/// commit and then sees its rows.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn write(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    transactions: &[Transaction],
) -> Result<Written, StoreError> {
    let total = i32::try_from(transactions.len()).unwrap_or(i32::MAX);
    let known = insert_new(connection, tenant, batch, transactions).await?;
    let known_count = i32::try_from(known.len()).unwrap_or(i32::MAX);
    let known = Columns::of_positions(transactions, &known);
    let mut pending_ids = pairs::ids_of(transactions);
    if known_count > 0 || !pending_ids.is_empty() {
        pairs::lock(connection, tenant, &pending_ids, &known.transaction_ids).await?;
        lock(connection, tenant, &known, &pending_ids).await?;
    }
    let mut updated = 0;
    if known_count > 0 {
        let revised = revise_changed(connection, tenant, batch, &known).await?;
        updated = revised.count;
        pending_ids.extend(revised.affected_pairs);
    }
    if !pending_ids.is_empty() {
        pairs::update_replacements(connection, tenant, &pending_ids).await?;
    }
    Ok(Written { inserted: total - known_count, updated, unchanged: known_count - updated })
}

/// Inserts new transactions; returns the positions of the others.
async fn insert_new(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    transactions: &[Transaction],
) -> Result<Vec<i32>, StoreError> {
    let columns = Columns::of(transactions);
    let positions = query_columns!(
        query_file_scalar!("src/transactions/insert_new.sql"),
        tenant,
        batch,
        columns
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(positions)
}

/// Locks stored rows and named pending rows by id, so that the next statements see their latest
/// content.
async fn lock(
    connection: &mut PgConnection,
    tenant: TenantId,
    columns: &Columns<'_>,
    pending_ids: &[String],
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        select transaction_id from transactions
        where tenant_id = $1 and transaction_id = any($2::text[] || $3::text[])
        order by transaction_id
        for no key update
        "#,
        tenant.0,
        &columns.transaction_ids as _,
        pending_ids
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(())
}

/// The result of [`revise_changed`].
struct Revised {
    /// The number of revised rows.
    count: i32,
    /// Pending transactions whose replacement may have changed.
    affected_pairs: Vec<String>,
}

/// Revises the rows whose content differs.
async fn revise_changed(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    columns: &Columns<'_>,
) -> Result<Revised, StoreError> {
    let revised = query_columns!(
        query_file_as!(Revised, "src/transactions/revise_changed.sql"),
        tenant,
        batch,
        columns
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(revised)
}
