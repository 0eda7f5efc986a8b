//! The sums of the report.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::{BatchId, Period, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The most packs that are folded when a batch is finished. relay folds the others.
const BATCH_PACKS_MAX: i64 = 200;
/// The sums of the transactions of one currency, status and category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The currency of both sums.
    pub currency: String,
    /// The status of the transactions.
    pub status: String,
    /// The category, empty for transactions without one.
    pub category: String,
    /// The number of transactions.
    pub transaction_count: i64,
    /// The sum of outgoing amounts, zero or more.
    pub spend: Decimal,
    /// The sum of incoming amounts, zero or more.
    pub income: Decimal,
}

/// Reads an account's sums over a period, by currency, status and category; `None` if the tenant
/// has no such account. The cost depends on the number of days, not on the number of transactions.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn summary(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) -> Result<Option<Vec<Sums>>, StoreError> {
    let (start, end): (NaiveDate, NaiveDate) = (period.start(), period.end());
    let rows = sqlx::query_file!("src/report/summary.sql", tenant.0, account_id, start, end)
        .fetch_all(unnamed(connection))
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    // An account without transactions has one row of nulls.
    let sums = rows.into_iter().filter_map(|row| {
        Some(Sums {
            currency: row.currency?,
            status: row.status?,
            category: row.category?,
            transaction_count: row.transaction_count?,
            spend: row.spend?,
            income: row.income?,
        })
    });
    Ok(Some(sums.collect()))
}

/// Folds the packs of a batch's accounts into their days, also those of other batches. Leaves accounts
/// that somebody else folds. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn fold_batch(
    connection: &mut PgConnection,
    tenant: TenantId,
    batch: BatchId,
) -> Result<i64, StoreError> {
    fold_packs(connection, Some((tenant, batch)), BATCH_PACKS_MAX).await
}

/// Folds up to `limit` packs, over all tenants, into their days. Leaves accounts that somebody else
/// folds. Returns how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn fold(connection: &mut PgConnection, limit: i64) -> Result<i64, StoreError> {
    fold_packs(connection, None, limit).await
}

async fn fold_packs(
    connection: &mut PgConnection,
    of_batch: Option<(TenantId, BatchId)>,
    packs_max: i64,
) -> Result<i64, StoreError> {
    let (tenant, batch) = of_batch.map(|(tenant, batch)| (tenant.0, batch.0)).unzip();
    let count = sqlx::query_file_scalar!("src/report/fold.sql", tenant, batch, packs_max)
        .fetch_one(unnamed(connection))
        .await?;
    Ok(count)
}

/// Deletes up to `limit` days, over all tenants, that no transaction counts towards any more. Returns
/// how many.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete_empty_days(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        r#"
        delete from report_days
        where
            transaction_count = 0
            and amount = 0
            and ctid = any(array(
                select ctid from report_days
                where transaction_count = 0 and amount = 0
                order by tenant_id
                limit $1
                for update skip locked
            ))
        "#,
        limit
    )
    .execute(unnamed(connection))
    .await?;
    Ok(deleted.rows_affected())
}
