//! Transactions: writes those of a batch, reads those of an account.

mod columns;
mod pairs;
pub mod stored;

use std::collections::BTreeSet;

use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;
use columns::Columns;
pub use pairs::has_pairs;

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

/// The result of [`write`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// All transactions are written.
    Written(Written),
    /// A known transaction is in a pair, and the accounts are not locked. The caller must roll
    /// back, lock the accounts first and write again.
    AccountsNotLocked,
    /// The transactions at these positions are stored under another account. The caller must roll
    /// back.
    OtherAccount(Vec<i32>),
}

/// Writes the transactions of a batch: inserts new ones and revises changed ones. `locked` says
/// whether the database transaction has locked their accounts, which a batch that [`has_pairs`]
/// requires.
///
/// Concurrent batches may contain the same ids in any order: the second one waits for the first to
/// commit and then sees its rows. All rows are locked in the order of their ids.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn write(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    transactions: &[Transaction],
    locked: bool,
) -> Result<WriteOutcome, StoreError> {
    let total = i32::try_from(transactions.len()).unwrap_or(i32::MAX);
    let known = insert_new(connection, tenant, batch, transactions).await?;
    let known_count = i32::try_from(known.len()).unwrap_or(i32::MAX);
    let known = Columns::of_positions(transactions, &known);
    let mut pending_ids = pairs::ids_of(transactions);
    if known_count > 0 || !pending_ids.is_empty() {
        let rows = lock_known(connection, tenant, &known, &pending_ids).await?;
        let other_account = rows.iter().filter(|row| row.is_of_other_account);
        let other_account: Vec<_> = other_account.filter_map(|row| row.position).collect();
        if !other_account.is_empty() {
            return Ok(WriteOutcome::OtherAccount(other_account));
        }
        if !locked && (!pending_ids.is_empty() || rows.iter().any(|row| row.is_paired)) {
            return Ok(WriteOutcome::AccountsNotLocked);
        }
    }
    let mut updated = 0;
    if known_count > 0 {
        let revised = revise_changed(connection, tenant, batch, &known).await?;
        updated = revised.count;
        pending_ids.extend(revised.affected_pairs);
    }
    if !pending_ids.is_empty() {
        let accounts: BTreeSet<_> = transactions.iter().map(|it| it.account_id.as_str()).collect();
        let accounts: Vec<_> = accounts.into_iter().collect();
        pairs::update_replacements(connection, tenant, &pending_ids, &accounts).await?;
    }
    let (inserted, unchanged) = (total - known_count, known_count - updated);
    Ok(WriteOutcome::Written(Written { inserted, updated, unchanged }))
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

/// A locked row.
struct LockedRow {
    /// Its position, if the batch brings it.
    position: Option<i32>,
    /// Whether it is pending or names a pending transaction.
    is_paired: bool,
    /// Whether it is stored under another account than the batch says.
    is_of_other_account: bool,
}

/// Locks every row that the batch may change.
async fn lock_known(
    connection: &mut PgConnection,
    tenant: TenantId,
    columns: &Columns<'_>,
    pending_ids: &[String],
) -> Result<Vec<LockedRow>, StoreError> {
    let rows = sqlx::query_file_as!(
        LockedRow,
        "src/transactions/lock_known.sql",
        tenant.0,
        &columns.transaction_ids as _,
        pending_ids,
        &columns.account_ids as _,
        &columns.positions
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
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
