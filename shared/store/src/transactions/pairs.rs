//! Pending transactions and the posted ones that replace them. Either may arrive first, in one batch or
//! in two at the same moment; whoever comes second settles the pair.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use tributary_domain::{TenantId, Transaction};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Into how many locks a tenant's pairs are spread: enough that batches seldom wait for each other, few
/// enough that a batch of 10,000 pairs does not fill PostgreSQL's lock table.
const LOCKS: i32 = 256;

/// The pending transactions that a batch brings or names: those whose pairs it may settle.
pub fn ids_of(transactions: &[Transaction]) -> Vec<String> {
    let brought = transactions.iter().filter(|it| it.is_pending).map(|it| &it.transaction_id);
    let named = transactions.iter().filter_map(|it| it.pending_transaction_id.as_ref());
    brought.chain(named).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Waits for other batches that bring or name the same pending transactions, those that the known rows
/// name until now among them, so that the later one sees what the earlier one wrote. The locks end with
/// the transaction; they are taken in one order.
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
                select pending_id from unnest($2::text[]) as brought (pending_id)
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

/// Settles pairs: a pending row that is named by a posted one leaves the totals, one that no longer is
/// comes back. Answers for how many that changed.
pub async fn settle(
    connection: &mut PgConnection,
    tenant: TenantId,
    pending_ids: &[String],
) -> Result<i64, StoreError> {
    let count =
        sqlx::query_file_scalar!("src/transactions/settle_pairs.sql", tenant.0, pending_ids)
            .fetch_one(unnamed(connection))
            .await?;
    Ok(count)
}
