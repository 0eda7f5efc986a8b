//! Pages of an account's transactions.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tributary_domain::{OpenPeriod, TenantId, TransactionStatus};

use super::stored::{StoredTransaction, with_columns};
use crate::error::StoreError;
use crate::paging::{SCAN_MAX, split};
use crate::unnamed::unnamed;

/// Which transactions of an account to read, and how many.
#[derive(Clone, Debug)]
pub struct PageQuery<'q> {
    /// The account.
    pub account_id: &'q str,
    /// Only transactions booked on these days.
    pub period: OpenPeriod,
    /// Only transactions with this status.
    pub status: Option<TransactionStatus>,
    /// Only transactions with this category.
    pub category: Option<&'q str>,
    /// Only transactions whose description or merchant contains this text, in either case.
    pub text: Option<&'q str>,
    /// Whether to include removed transactions.
    pub include_removed: bool,
    /// The day and id of the last transaction of the previous page.
    pub after: Option<(NaiveDate, &'q str)>,
    /// The maximum number of transactions.
    pub limit: i64,
}

/// One page of an account's transactions.
#[derive(Clone, Debug)]
pub struct Page {
    /// The transactions, newest first, then by descending id.
    pub transactions: Vec<StoredTransaction>,
    /// The day and id of the transaction after which the next page starts; `None` on the
    /// last page. A filtered page that scanned [`SCAN_MAX`] transactions may be short, or empty, and still
    /// have a next one.
    pub next: Option<(NaiveDate, String)>,
}

/// Reads one page of an account's transactions.
///
/// # Errors
/// [`StoreError`] of the statements.
pub async fn page(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &PageQuery<'_>,
) -> Result<Page, StoreError> {
    let is_filtered = query.status.is_some()
        || query.category.is_some()
        || query.text.is_some()
        || !query.include_removed;
    // One more than the page, to detect whether there is a next one.
    let wanted = query.limit + 1;
    let scan_max = if is_filtered { SCAN_MAX.max(wanted) } else { wanted };
    let found = matching(connection, tenant, query, wanted, scan_max).await?;
    let (transactions, last) = split(found, query.limit);
    let next = match last {
        Some(last) => Some((last.booked_on, last.transaction_id)),
        None if is_filtered => last_scanned(connection, tenant, query, scan_max).await?,
        None => None,
    };
    Ok(Page { transactions, next })
}

macro_rules! query_page {
    ($columns:tt, $status:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            StoredTransaction,
            "with scanned as (select batch_position, status, "
            + $columns
            + r#"
                from transactions
                where
                    tenant_id = $1
                    and account_id = $2
                    and ($3::date is null or booked_on >= $3)
                    and ($4::date is null or booked_on <= $4)
                    and ($7::date is null or (booked_on, transaction_id) < ($7, $8::text))
                order by booked_on desc, transaction_id desc
                limit $10
            )
            select "#
            + $columns
            + r#", progress.status as "status!"
            from scanned as row
            cross join lateral (select "#
            + $status
            + r#" as status) as progress
            where
                ($5::text is null or progress.status = $5)
                and ($6::text is null or category = $6)
                and ($11::boolean or removed_at is null)
                and (
                    $12::text is null
                    or strpos(lower(description), lower($12)) > 0
                    or strpos(lower(merchant_name), lower($12)) > 0
                )
            order by booked_on desc, transaction_id desc
            limit $9
            "#,
            $($argument),*
        )
    };
}

/// The transactions that match, of the next `scan_max`.
async fn matching(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &PageQuery<'_>,
    limit: i64,
    scan_max: i64,
) -> Result<Vec<StoredTransaction>, StoreError> {
    let transactions = with_columns!(
        query_page,
        tenant.0,
        query.account_id,
        query.period.start,
        query.period.end,
        query.status.map(TransactionStatus::as_str),
        query.category,
        query.after.map(|(booked_on, _)| booked_on),
        query.after.map(|(_, transaction_id)| transaction_id),
        limit,
        scan_max,
        query.include_removed,
        query.text
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(transactions)
}

/// The last transaction of a scan that was limited.
async fn last_scanned(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &PageQuery<'_>,
    scan_max: i64,
) -> Result<Option<(NaiveDate, String)>, StoreError> {
    let row = sqlx::query!(
        r#"
        select booked_on, transaction_id from transactions
        where
            tenant_id = $1
            and account_id = $2
            and ($3::date is null or booked_on >= $3)
            and ($4::date is null or booked_on <= $4)
            and ($5::date is null or (booked_on, transaction_id) < ($5, $6::text))
        order by booked_on desc, transaction_id desc
        limit 1 offset $7
        "#,
        tenant.0,
        query.account_id,
        query.period.start,
        query.period.end,
        query.after.map(|(booked_on, _)| booked_on),
        query.after.map(|(_, transaction_id)| transaction_id),
        scan_max - 1
    )
    .fetch_optional(unnamed(connection))
    .await?;
    Ok(row.map(|row| (row.booked_on, row.transaction_id)))
}
