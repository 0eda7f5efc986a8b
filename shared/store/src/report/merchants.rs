//! The sums of an account by merchant.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tributary_domain::{Period, TenantId};

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The most transactions that [`merchants`] reads.
pub const MERCHANTS_SCAN_MAX: i64 = 50_000;

/// The merchants with the most spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchants {
    /// The code of the currency: the requested or most used one; `None` if there is neither.
    pub currency: Option<String>,
    /// The merchants, by spend, the highest first, ties by name.
    pub merchants: Vec<MerchantSums>,
    /// The number of transactions that were read: the newest ones, removed and replaced ones and
    /// those of other currencies included.
    pub scanned: i64,
    /// Whether these are all transactions of the period.
    pub is_complete: bool,
}

/// The sums of one merchant. Amounts are decimal text, as in [`super::CurrencySums`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantSums {
    /// The name of the merchant, else the description.
    pub merchant: String,
    /// The number of transactions.
    pub transaction_count: i64,
    /// The sum of outgoing amounts.
    pub spend: String,
    /// The sum of incoming amounts.
    pub income: String,
}

/// Which merchants to read.
#[derive(Clone, Copy, Debug)]
pub struct MerchantQuery<'q> {
    /// The account.
    pub account_id: &'q str,
    /// The booking days.
    pub period: Period,
    /// The currency; the most used one if there is none.
    pub currency: Option<&'q str>,
    /// The most merchants.
    pub limit: i64,
}

/// Reads the merchants of an account with the most spend; `None` if the tenant has no such account.
/// Replaced and removed transactions are in no sum.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn merchants(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: MerchantQuery<'_>,
) -> Result<Option<Merchants>, StoreError> {
    let rows = sqlx::query_file!(
        "src/report/merchants.sql",
        tenant.0,
        query.account_id,
        query.period.start() as NaiveDate,
        query.period.end() as NaiveDate,
        query.currency,
        MERCHANTS_SCAN_MAX,
        query.limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    let mut found: Option<Merchants> = None;
    for row in rows {
        let found = found.get_or_insert(Merchants {
            currency: row.currency,
            merchants: Vec::new(),
            scanned: row.scanned,
            is_complete: row.is_complete,
        });
        if let (Some(merchant), Some(transaction_count), Some(spend), Some(income)) =
            (row.merchant, row.transaction_count, row.spend, row.income)
        {
            let sums = MerchantSums { merchant, transaction_count, spend, income };
            found.merchants.push(sums);
        }
    }
    Ok(found)
}
