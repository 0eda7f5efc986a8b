//! Transactions: writes those of a batch, reads those of an account.

mod columns;
mod conflicts;
mod page;
mod pairs;
mod removal;
mod revisions;
pub mod stored;

use std::collections::BTreeSet;

use sqlx::PgConnection;
use tributary_domain::{BatchId, Removal, TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;
use columns::Columns;
pub use conflicts::{Conflicts, ReusedId};
pub use page::{Page, PageQuery, page};
pub use pairs::has_pairs;
pub use removal::remove_one;
pub use revisions::{REVISIONS_MAX, Revision, RevisionContent, revisions};

/// Prepares a statement whose parameters are the tenant, the batch, then all [`Columns`], and
/// possibly more.
macro_rules! query_columns {
    ($query:ident!($($source:tt)+), $tenant:ident, $batch:ident, $columns:ident $(, $more:expr)*) => {
        sqlx::$query!(
            $($source)+,
            $tenant.0,
            $batch.0,
            &$columns.positions,
            &$columns.transaction_ids as _,
            &$columns.account_ids as _,
            &$columns.amounts,
            &$columns.currencies as _,
            &$columns.booked_on,
            &$columns.booked_at as _,
            &$columns.authorized_on as _,
            &$columns.descriptions as _,
            &$columns.merchant_names as _,
            &$columns.payment_channels as _,
            &$columns.merchant_category_codes as _,
            &$columns.bank_categories as _,
            &$columns.is_pending,
            &$columns.pending_transaction_ids as _
            $(, $more)*
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
    /// Removals of stored transactions, some of which may have been removed before.
    pub removed: i32,
    /// Removals of unknown transactions.
    pub removed_unknown: i32,
}

impl Written {
    /// The number of transactions to enrich.
    #[must_use]
    pub const fn changed(&self) -> i32 {
        self.inserted + self.updated
    }

    /// Whether all transactions are new, and nothing is removed.
    #[must_use]
    pub const fn is_all_new(&self) -> bool {
        self.inserted > 0
            && self.updated + self.unchanged + self.removed + self.removed_unknown == 0
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
    /// Stored transactions contradict the batch. The caller must roll back.
    Conflicts(Conflicts),
}

/// A posted transaction keeps its id if its booking day moves by at most so many days, or if its
/// amount or texts stay.
pub const DAYS_MOVED_MAX: i32 = 7;

/// The most [`Conflicts::reused_ids`] of one batch.
pub const REUSED_IDS_MAX: i64 = 100;

/// Writes the transactions of a batch: inserts new ones, revises changed ones and removes others.
/// `locked` says whether the database transaction has locked their accounts, which a batch that
/// [`has_pairs`] requires.
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
    removals: &[Removal],
    locked: bool,
) -> Result<WriteOutcome, StoreError> {
    let known = if transactions.is_empty() {
        Vec::new()
    } else {
        insert_new(connection, tenant, batch, transactions).await?
    };
    let known_count = count(known.len());
    let known = Columns::of_positions(transactions, &known);
    let mut pending_ids = pairs::ids_of(transactions);
    let mut removed = 0;
    if known_count > 0 || !pending_ids.is_empty() || !removals.is_empty() {
        let rows = lock_known(connection, tenant, &known, &pending_ids, removals).await?;
        let conflicts = LockedRow::conflicts(&rows);
        if conflicts != Conflicts::default() {
            return Ok(WriteOutcome::Conflicts(conflicts));
        }
        if !locked && (!pending_ids.is_empty() || rows.iter().any(|row| row.is_paired)) {
            return Ok(WriteOutcome::AccountsNotLocked);
        }
        removed = count(rows.iter().filter(|row| row.removal.is_some()).count());
    }
    let mut updated = 0;
    if known_count > 0 {
        let revised = revise_changed(connection, tenant, batch, &known).await?;
        if !revised.reused_ids.is_empty() {
            let conflicts = Conflicts { reused_ids: revised.reused_ids, ..Conflicts::default() };
            return Ok(WriteOutcome::Conflicts(conflicts));
        }
        updated = revised.count;
        pending_ids.extend(revised.affected_pairs);
    }
    if removed > 0 {
        removal::remove(connection, tenant, removals).await?;
    }
    if !pending_ids.is_empty() {
        let accounts: BTreeSet<_> = transactions.iter().map(|it| it.account_id.as_str()).collect();
        let accounts: Vec<_> = accounts.into_iter().collect();
        pairs::update_replacements(connection, tenant, &pending_ids, &accounts).await?;
    }
    Ok(WriteOutcome::Written(Written {
        inserted: count(transactions.len()) - known_count,
        updated,
        unchanged: known_count - updated,
        removed,
        removed_unknown: count(removals.len()) - removed,
    }))
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
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
    /// The position of its removal, if the batch removes it.
    removal: Option<i32>,
    /// Whether the batch brings it and it is pending or names a pending transaction.
    is_paired: bool,
    /// Whether it is stored under another account than the batch says.
    is_of_other_account: bool,
}

impl LockedRow {
    /// The rows that are stored under another account.
    fn conflicts(rows: &[Self]) -> Conflicts {
        let of = |position: fn(&Self) -> Option<i32>| {
            let conflicting = rows.iter().filter(|row| row.is_of_other_account);
            conflicting.filter_map(|row| usize::try_from(position(row)?).ok()).collect()
        };
        Conflicts {
            other_account: of(|row| row.position),
            removals_of_other_account: of(|row| row.removal),
            reused_ids: Vec::new(),
        }
    }
}

/// Locks every row that the batch may change.
async fn lock_known(
    connection: &mut PgConnection,
    tenant: TenantId,
    columns: &Columns<'_>,
    pending_ids: &[String],
    removals: &[Removal],
) -> Result<Vec<LockedRow>, StoreError> {
    let removed_ids: Vec<_> = removals.iter().map(|it| it.transaction_id.as_str()).collect();
    let removed_accounts: Vec<_> = removals.iter().map(|it| it.account_id.as_deref()).collect();
    let rows = sqlx::query_file_as!(
        LockedRow,
        "src/transactions/lock_known.sql",
        tenant.0,
        &columns.transaction_ids as _,
        pending_ids,
        &columns.account_ids as _,
        &columns.positions,
        removed_ids as _,
        removed_accounts as _
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
    /// Rows that belong to other transactions.
    reused_ids: Vec<ReusedId>,
}

/// Revises the rows whose content differs, and those that were removed.
async fn revise_changed(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
    columns: &Columns<'_>,
) -> Result<Revised, StoreError> {
    let rows = query_columns!(
        query_file!("src/transactions/revise_changed.sql"),
        tenant,
        batch,
        columns,
        DAYS_MOVED_MAX,
        REUSED_IDS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    let mut revised = Revised { count: 0, affected_pairs: Vec::new(), reused_ids: Vec::new() };
    for row in rows {
        revised.count = row.count;
        revised.affected_pairs = row.affected_pairs;
        let position = row.position.and_then(|position| usize::try_from(position).ok());
        if let (Some(position), Some(booked_on), Some(amount), Some(currency), Some(description)) =
            (position, row.booked_on, row.amount, row.currency, row.description)
        {
            let reused = ReusedId { position, booked_on, amount, currency, description };
            revised.reused_ids.push(reused);
        }
    }
    Ok(revised)
}
