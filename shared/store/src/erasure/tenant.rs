//! Erasing a tenant.

use sqlx::PgConnection;
use tributary_domain::TenantId;

use super::{Turn, delete_locked_batches, unless_referenced};
use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Rows of a tenant that are deleted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantStep {
    /// Batches with their slices, so that no worker claims work any more.
    Batches,
    /// Transactions.
    Transactions,
    /// Earlier revisions of transactions.
    Revisions,
    /// Records of deleted transactions.
    Records,
    /// Sums that are not folded.
    Packs,
    /// Sums by day.
    Days,
    /// Accounts.
    Accounts,
    /// API keys.
    ApiKeys,
}

/// Marks a tenant as being erased, and revokes its keys. Idempotent. Waits for database transactions
/// that have inserted a key or a batch of the tenant: their foreign keys lock its row.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn begin_tenant(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        with locked as (select tenant_id from tenants where tenant_id = $1 for update)
        update tenants set erasing_at = coalesce(erasing_at, now())
        from locked
        where tenants.tenant_id = locked.tenant_id
        "#,
        tenant.0
    )
    .execute(unnamed(connection))
    .await?;
    // A statement of its own, which sees a key that was created a moment ago.
    sqlx::query!(
        "update api_keys set revoked_at = now() where tenant_id = $1 and revoked_at is null",
        tenant.0
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

impl TenantStep {
    /// All of them, in their order.
    pub const ALL: &'static [Self] = &[
        Self::Batches,
        Self::Transactions,
        Self::Revisions,
        Self::Records,
        Self::Packs,
        Self::Days,
        Self::Accounts,
        Self::ApiKeys,
    ];

    /// Deletes up to `limit` rows of a tenant that is being erased.
    ///
    /// # Errors
    /// [`StoreError`] of the statements.
    pub async fn run(
        self,
        connection: &mut PgConnection,
        tenant: TenantId,
        limit: i64,
    ) -> Result<Turn, StoreError> {
        let done = match self {
            Self::Batches => delete_batches(connection, tenant, limit).await?,
            Self::Accounts => unless_referenced(delete_accounts(connection, tenant, limit).await)?,
            Self::Transactions => delete_some!(
                connection,
                limit,
                "transactions",
                "tenant_id = $2",
                "transaction_id",
                tenant.0
            ),
            Self::Revisions => delete_some!(
                connection,
                limit,
                "transaction_revisions",
                "tenant_id = $2",
                "transaction_id, revision",
                tenant.0
            ),
            Self::Records => delete_some!(
                connection,
                limit,
                "deleted_transactions",
                "tenant_id = $2",
                "transaction_id, account_id",
                tenant.0
            ),
            Self::Packs => delete_some!(
                connection,
                limit,
                "report_packs",
                "tenant_id = $2",
                "account_id, pack_id",
                tenant.0
            ),
            Self::Days => delete_some!(
                connection,
                limit,
                "report_days",
                "tenant_id = $2",
                "account_id, day, currency, state, kind, category",
                tenant.0
            ),
            Self::ApiKeys => delete_some!(
                connection,
                limit,
                "api_keys",
                "tenant_id = $2",
                "api_key_id",
                tenant.0
            ),
        };
        Ok(Turn::of(done))
    }
}

async fn delete_batches(
    connection: &mut PgConnection,
    tenant: TenantId,
    limit: i64,
) -> Result<u64, StoreError> {
    let locked = sqlx::query_scalar!(
        r#"
        select batch_id from batches where tenant_id = $1
        order by batch_id
        limit $2
        for update skip locked
        "#,
        tenant.0,
        limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    delete_locked_batches(connection, tenant, &locked).await
}

async fn delete_accounts(
    connection: &mut PgConnection,
    tenant: TenantId,
    limit: i64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        r#"
        delete from accounts
        where ctid = any(array(
            select account.ctid from accounts as account
            where
                account.tenant_id = $1
                and not exists (
                    select from transactions as row
                    where row.tenant_id = $1 and row.account_id = account.account_id
                )
                and not exists (
                    select from report_days as day
                    where day.tenant_id = $1 and day.account_id = account.account_id
                )
            order by account.account_id
            limit $2
            for update skip locked
        ))
        "#,
        tenant.0,
        limit
    )
    .execute(unnamed(connection))
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes the row of a tenant, if no other row of it is left. Returns whether it did.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn finish_tenant(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Result<bool, StoreError> {
    sqlx::query!(
        r#"
        update retention_progress set next_tenant_id = null, next_account_id = null
        where next_tenant_id = $1
        "#,
        tenant.0
    )
    .execute(unnamed(connection))
    .await?;
    let deleted = sqlx::query!(
        r#"
        delete from tenants
        where
            tenant_id = $1
            and erasing_at is not null
            and not exists (select from batches where tenant_id = $1)
            and not exists (select from slices where tenant_id = $1)
            and not exists (select from transactions where tenant_id = $1)
            and not exists (select from transaction_revisions where tenant_id = $1)
            and not exists (select from deleted_transactions where tenant_id = $1)
            and not exists (select from report_packs where tenant_id = $1)
            and not exists (select from report_days where tenant_id = $1)
            and not exists (select from accounts where tenant_id = $1)
            and not exists (select from api_keys where tenant_id = $1)
        "#,
        tenant.0
    )
    .execute(unnamed(connection))
    .await
    .map(|deleted| deleted.rows_affected())
    .map_err(StoreError::from);
    Ok(unless_referenced(deleted)? > 0)
}
