//! Erasing one account of a tenant.

use sqlx::PgConnection;
use tributary_domain::TenantId;

use super::{Turn, delete_locked_batches, unless_referenced};
use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The most transactions of the batches whose lists one turn searches.
const MEMBERS_MAX: i64 = 20_000;

/// Rows of an account that are deleted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStep {
    /// Transactions in the lists of batches, and batches of which nothing else is left.
    Lists,
    /// Transactions with their revisions. All lists must have been searched.
    Transactions,
    /// Records of deleted transactions. All lists must have been searched.
    Records,
    /// Sums that are not folded.
    Packs,
    /// Sums by day.
    Days,
}

/// A moment: see [`account_boundary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary(i64);

/// Marks an account as being erased. Idempotent. Returns whether the tenant has it.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn begin_account(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
) -> Result<bool, StoreError> {
    let marked = sqlx::query!(
        r#"
        update accounts set erasing_at = coalesce(erasing_at, now())
        where tenant_id = $1 and account_id = $2
        "#,
        tenant.0,
        account_id
    )
    .execute(unnamed(connection))
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// The end of the database transactions that are in progress. Those that write a batch may have read
/// the account before it was marked. Call it after that has been committed.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn account_boundary(connection: &mut PgConnection) -> Result<Boundary, StoreError> {
    let next = sqlx::query_scalar!(
        r#"select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as "next!""#
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(Boundary(next))
}

impl Boundary {
    /// Whether the database transactions that were in progress have ended.
    ///
    /// # Errors
    /// [`StoreError`] of the statement.
    pub async fn is_passed(self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        let oldest = sqlx::query_scalar!(
            r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "oldest!""#
        )
        .fetch_one(unnamed(connection))
        .await?;
        Ok(oldest >= self.0)
    }
}

impl AccountStep {
    /// All of them, in their order.
    pub const ALL: &'static [Self] =
        &[Self::Lists, Self::Transactions, Self::Records, Self::Packs, Self::Days];

    /// Deletes up to `limit` rows of an account that is being erased, or changes so many batches.
    ///
    /// # Errors
    /// [`StoreError`] of the statements.
    pub async fn run(
        self,
        connection: &mut PgConnection,
        tenant: TenantId,
        account_id: &str,
        limit: i64,
    ) -> Result<Turn, StoreError> {
        let done = match self {
            Self::Lists => return search_lists(connection, tenant, account_id, limit).await,
            Self::Transactions => sqlx::query_file_scalar!(
                "src/erasure/delete_transactions.sql",
                tenant.0,
                account_id,
                limit
            )
            .fetch_one(unnamed(connection))
            .await?
            .unsigned_abs(),
            Self::Records => delete_some!(
                connection,
                limit,
                "deleted_transactions",
                "tenant_id = $2 and account_id = $3",
                "transaction_id",
                tenant.0,
                account_id
            ),
            Self::Packs => delete_some!(
                connection,
                limit,
                "report_packs",
                "tenant_id = $2 and account_id = $3",
                "pack_id",
                tenant.0,
                account_id
            ),
            Self::Days => delete_some!(
                connection,
                limit,
                "report_days",
                "tenant_id = $2 and account_id = $3",
                "day, currency, state, kind, category",
                tenant.0,
                account_id
            ),
        };
        Ok(Turn::of(done))
    }
}

async fn search_lists(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    limit: i64,
) -> Result<Turn, StoreError> {
    let searched =
        sqlx::query_file!("src/erasure/search_lists.sql", tenant.0, account_id, limit, MEMBERS_MAX)
            .fetch_one(unnamed(connection))
            .await?;
    let deleted = delete_locked_batches(connection, tenant, &searched.emptied).await?;
    Ok(Turn {
        done: searched.reduced.unsigned_abs() + deleted,
        is_more: searched.next > 0,
        is_blocked: searched.next > searched.locked,
    })
}

/// Deletes the row of an account that is being erased, if no other row of it is left. Returns whether
/// it did.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn finish_account(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
) -> Result<bool, StoreError> {
    sqlx::query!(
        r#"
        update retention_progress set next_tenant_id = null, next_account_id = null
        where next_tenant_id = $1 and next_account_id = $2
        "#,
        tenant.0,
        account_id
    )
    .execute(unnamed(connection))
    .await?;
    let deleted = sqlx::query!(
        r#"
        delete from accounts
        where
            tenant_id = $1
            and account_id = $2
            and erasing_at is not null
            and not exists (
                select from transactions where tenant_id = $1 and account_id = $2
            )
            and not exists (
                select from deleted_transactions where tenant_id = $1 and account_id = $2
            )
            and not exists (
                select from report_packs where tenant_id = $1 and account_id = $2
            )
            and not exists (select from report_days where tenant_id = $1 and account_id = $2)
        "#,
        tenant.0,
        account_id
    )
    .execute(unnamed(connection))
    .await
    .map(|deleted| deleted.rows_affected())
    .map_err(StoreError::from);
    Ok(unless_referenced(deleted)? > 0)
}
