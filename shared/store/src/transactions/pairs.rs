//! Pairs of a pending transaction and the posted one that replaces it. Either may arrive first, in
//! one batch or in two at the same time; the second one updates `replaced_by`.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use tributary_domain::{TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The number of advisory locks for the pairs of a tenant: enough that batches seldom block each
/// other, few enough that a batch of 10,000 pairs does not fill the lock table.
const LOCKS: i32 = 256;

/// The ids of pending transactions that are in a batch, or that its transactions name.
pub fn ids_of(transactions: &[Transaction]) -> Vec<String> {
    let sent = transactions.iter().filter(|it| it.is_pending).map(|it| &it.transaction_id);
    let named = transactions.iter().filter_map(|it| it.pending_transaction_id.as_ref());
    sent.chain(named).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Locks pending transactions, including those that the stored rows name, so that concurrent
/// batches with the same pairs run one after the other. The locks are acquired in one order and end
/// with the database transaction.
pub async fn lock(
    connection: &mut PgConnection,
    tenant: TenantId,
    pending_ids: &[String],
    known_ids: &[&str],
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        select pg_advisory_xact_lock(hashtext($1::uuid::text), slot) from (
            select distinct abs(hashtext(pending_id) % $4::integer) as slot
            from (
                select pending_id from unnest($2::text[]) as sent (pending_id)
                union all
                select pending_transaction_id from transactions
                where
                    tenant_id = $1
                    and transaction_id = any($3::text[])
                    and pending_transaction_id is not null
            ) as pending
            order by slot
        ) as slots
        "#,
        tenant.0,
        pending_ids,
        known_ids as _,
        LOCKS
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Updates `replaced_by` of pending rows, and the sums. Returns for how many rows the sums changed.
pub async fn update_replacements(
    connection: &mut PgConnection,
    tenant: TenantId,
    pending_ids: &[String],
) -> Result<i64, StoreError> {
    let count =
        sqlx::query_file_scalar!("src/transactions/update_replacements.sql", tenant.0, pending_ids)
            .fetch_one(unnamed(connection))
            .await?;
    Ok(count)
}
