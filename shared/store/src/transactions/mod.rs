//! The transactions of a batch on their way in, and an account's transactions on their way out.

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

/// What became of a batch's transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Nobody had them.
    pub inserted: i32,
    /// Known, with other content: the new content stands.
    pub updated: i32,
    /// Known, with the same content.
    pub unchanged: i32,
}

impl Written {
    /// How many are work for enrichment.
    #[must_use]
    pub const fn changed(&self) -> i32 {
        self.inserted + self.updated
    }
}

/// Writes the transactions of a batch: inserts the unknown, revises the known that differ.
///
/// Two batches may bring the same ids in any order at the same moment: whoever comes second waits
/// for the first to commit and then sees what it wrote.
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
        pending_ids.extend(revised.unsettled_pairs);
    }
    if !pending_ids.is_empty() {
        pairs::settle(connection, tenant, &pending_ids).await?;
    }
    Ok(Written { inserted: total - known_count, updated, unchanged: known_count - updated })
}

/// Inserts what is new; answers the positions of what is not.
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

/// Locks known rows, and pending rows that are named, in the order of their ids, so that the next
/// statements see their last content.
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

/// What revising did.
struct Revised {
    /// How many rows had other content.
    count: i32,
    /// Pending rows whose replacement may have changed with them.
    unsettled_pairs: Vec<String>,
}

/// Revises what differs.
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
