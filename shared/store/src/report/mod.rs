//! The sums of the report.

mod cashflow;
mod merchants;

use chrono::NaiveDate;
use sqlx::PgConnection;
use tributary_domain::summary::TOP_CATEGORIES_MAX;
use tributary_domain::{BatchId, Period, StatusCounts, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

pub use cashflow::{CategoryFlow, Flow, Flows, cashflow};
pub use merchants::{MERCHANTS_SCAN_MAX, MerchantQuery, MerchantSums, Merchants, merchants};

/// The most packs that are folded when a batch is finished. relay folds the others.
const BATCH_PACKS_MAX: i64 = 200;

/// The sums of an account's transactions in one currency. Amounts are decimal text, since a sum may
/// have more digits than a [`rust_decimal::Decimal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencySums {
    /// The code of the currency of all sums.
    pub currency: String,
    /// The number of transactions in each status.
    pub counts: StatusCounts,
    /// The sum of outgoing amounts, zero or more.
    pub spend: String,
    /// The sum of incoming amounts, zero or more.
    pub income: String,
    /// Income less spend.
    pub net: String,
    /// The categories with the highest spend, at most [`TOP_CATEGORIES_MAX`], highest first, ties by
    /// name.
    pub top_categories: Vec<CategorySums>,
}

/// The sums of one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategorySums {
    /// The name of the category.
    pub category: String,
    /// The number of transactions, incoming ones included.
    pub transaction_count: i64,
    /// The sum of outgoing amounts, more than zero, as decimal text.
    pub spend: String,
}

/// Reads an account's sums over a period, by currency, the most used first, ties by code; `None` if
/// the tenant has no such account. The cost depends on the number of days, not on the number of
/// transactions.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn summary(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    period: Period,
) -> Result<Option<Vec<CurrencySums>>, StoreError> {
    let (start, end): (NaiveDate, NaiveDate) = (period.start(), period.end());
    let top = i64::try_from(TOP_CATEGORIES_MAX).unwrap_or(i64::MAX);
    let rows = sqlx::query_file!("src/report/summary.sql", tenant.0, account_id, start, end, top)
        .fetch_all(unnamed(connection))
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    // An account without transactions has one row of nulls.
    let sums = rows.into_iter().filter_map(|row| {
        let categories = row.top_categories.unwrap_or_default().into_iter();
        let spends = row.top_spends.unwrap_or_default();
        let counts = row.top_counts.unwrap_or_default();
        Some(CurrencySums {
            currency: row.currency?,
            counts: StatusCounts {
                pending: row.pending?,
                processing: row.processing?,
                completed: row.completed?,
                failed: row.failed?,
            },
            spend: row.spend?,
            income: row.income?,
            net: row.net?,
            top_categories: categories
                .zip(spends)
                .zip(counts)
                .map(|((category, spend), transaction_count)| CategorySums {
                    category,
                    transaction_count,
                    spend,
                })
                .collect(),
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
