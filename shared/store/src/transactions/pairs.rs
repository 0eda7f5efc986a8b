//! Pairs of a pending transaction and the posted one of the same account that replaces it. Either
//! may arrive first, in one batch or in two at the same time; the second one updates `replaced_by`.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use tributary_domain::{TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Whether a batch brings a pending transaction or names one. Its accounts must be locked before
/// its transactions are written.
#[must_use]
pub fn has_pairs(transactions: &[Transaction]) -> bool {
    transactions.iter().any(|it| it.is_pending || it.pending_transaction_id.is_some())
}

/// The ids of pending transactions that are in a batch, or that its transactions name.
pub(super) fn ids_of(transactions: &[Transaction]) -> Vec<String> {
    let sent = transactions.iter().filter(|it| it.is_pending).map(|it| &it.transaction_id);
    let named = transactions.iter().filter_map(|it| it.pending_transaction_id.as_ref());
    sent.chain(named).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Updates `replaced_by` of pending rows of locked accounts.
pub(super) async fn update_replacements(
    connection: &mut PgConnection,
    tenant: TenantId,
    pending_ids: &[String],
    account_ids: &[&str],
) -> Result<(), StoreError> {
    sqlx::query_file!(
        "src/transactions/update_replacements.sql",
        tenant.0,
        pending_ids,
        account_ids as _
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}
