//! Removes transactions: they keep their content, status and history, but are in no total.

use sqlx::PgConnection;
use tributary_domain::{Removal, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Removes transactions of a batch that are not removed yet. Their rows are locked.
pub(super) async fn remove(
    connection: &mut PgConnection,
    tenant: TenantId,
    removals: &[Removal],
) -> Result<(), StoreError> {
    let ids: Vec<_> = removals.iter().map(|it| it.transaction_id.as_str()).collect();
    sqlx::query_file!("src/transactions/remove.sql", tenant.0, ids as _)
        .execute(unnamed(connection))
        .await?;
    Ok(())
}

/// Removes a transaction of an account, unless it is removed already. Returns whether it is stored.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn remove_one(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    transaction_id: &str,
) -> Result<bool, StoreError> {
    let stored = sqlx::query_scalar!(
        r#"
        select transaction_id from transactions
        where tenant_id = $1 and account_id = $2 and transaction_id = $3
        for no key update
        "#,
        tenant.0,
        account_id,
        transaction_id
    )
    .fetch_optional(unnamed(connection))
    .await?;
    if stored.is_none() {
        return Ok(false);
    }
    let ids = [transaction_id];
    sqlx::query_file!("src/transactions/remove.sql", tenant.0, &ids as _)
        .execute(unnamed(connection))
        .await?;
    Ok(true)
}
