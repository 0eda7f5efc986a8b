//! Reads stored transactions.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::{OpenPeriod, TenantId, TransactionStatus};
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// A stored transaction with the result of its enrichment.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after the columns of the table")]
pub struct StoredTransaction {
    pub transaction_id: String,
    pub account_id: String,
    pub batch_id: Uuid,
    pub amount: Decimal,
    pub currency: String,
    pub booked_on: NaiveDate,
    pub booked_at: Option<DateTime<Utc>>,
    pub authorized_on: Option<NaiveDate>,
    pub description: String,
    pub merchant_name: Option<String>,
    pub payment_channel: Option<String>,
    pub merchant_category_code: Option<String>,
    pub bank_category: Option<String>,
    pub is_pending: bool,
    pub pending_transaction_id: Option<String>,
    pub replaced_by: Option<String>,
    pub removed_at: Option<DateTime<Utc>>,
    pub revision: i32,
    pub status: String,
    pub attempts: i32,
    pub category: Option<String>,
    pub primary_code: Option<String>,
    pub detailed_code: Option<String>,
    pub confidence: Option<String>,
    pub rule: Option<String>,
    pub failure_reason: Option<String>,
}

/// Passes the columns of [`StoredTransaction`], except its status, to another macro.
macro_rules! with_columns {
    ($macro:ident, $($arguments:tt)*) => {
        $macro!(
            r#"
            transaction_id, account_id, batch_id, amount, currency, booked_on, booked_at,
            authorized_on, description, merchant_name, payment_channel, merchant_category_code,
            bank_category, is_pending, pending_transaction_id, replaced_by, removed_at, revision,
            attempts, category, primary_code, detailed_code, confidence, rule, failure_reason
            "#,
            $($arguments)*
        )
    };
}

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
    /// Whether to include removed transactions.
    pub include_removed: bool,
    /// The day and id of the last transaction of the previous page.
    pub after: Option<(NaiveDate, &'q str)>,
    /// The maximum number of transactions.
    pub limit: i64,
}

/// The most transactions that one page of a filtered list scans.
pub const SCAN_MAX: i64 = 5_000;

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
    let is_filtered = query.status.is_some() || query.category.is_some() || !query.include_removed;
    // One more than the page, to detect whether there is a next one.
    let wanted = query.limit + 1;
    let scan_max = if is_filtered { SCAN_MAX.max(wanted) } else { wanted };
    let mut transactions = matching(connection, tenant, query, wanted, scan_max).await?;
    let page_length = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let next = if transactions.len() > page_length {
        transactions.truncate(page_length);
        transactions.last().map(|last| (last.booked_on, last.transaction_id.clone()))
    } else if is_filtered {
        last_scanned(connection, tenant, query, scan_max).await?
    } else {
        None
    };
    Ok(Page { transactions, next })
}

macro_rules! query_page {
    ($columns:tt, $($argument:expr),*) => {
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
            from scanned
            cross join lateral (
                select case
                    when scanned.status = 'pending' and exists (
                        select from slices as claimed
                        where
                            claimed.tenant_id = $1
                            and claimed.batch_id = scanned.batch_id
                            and claimed.expires_at >= now()
                            and scanned.batch_position
                            between claimed.first_position and claimed.last_position
                    ) then 'processing'
                    else scanned.status
                end as status
            ) as progress
            where
                ($5::text is null or progress.status = $5)
                and ($6::text is null or category = $6)
                and ($11::boolean or removed_at is null)
            order by booked_on desc, transaction_id desc
            limit $9
            "#,
            $($argument),*
        )
    };
}

/// The transactions that match, of the next `scan_max`. A pending transaction is processing while a
/// worker holds the lease of its slice.
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
        query.include_removed
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

/// Passes the columns of [`StoredTransaction`] of one transaction to the query.
macro_rules! query_one {
    ($columns:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            StoredTransaction,
            "select "
            + $columns
            + r#",
                case
                    when transactions.status = 'pending' and exists (
                        select from slices as claimed
                        where
                            claimed.tenant_id = transactions.tenant_id
                            and claimed.batch_id = transactions.batch_id
                            and claimed.expires_at >= now()
                            and transactions.batch_position
                            between claimed.first_position and claimed.last_position
                    ) then 'processing'
                    else transactions.status
                end as "status!"
            from transactions
            where tenant_id = $1 and account_id = $2 and transaction_id = $3
            "#,
            $($argument),*
        )
    };
}

/// Reads one transaction of an account, whether or not it is removed.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn one(
    connection: &mut PgConnection,
    tenant: TenantId,
    account_id: &str,
    transaction_id: &str,
) -> Result<Option<StoredTransaction>, StoreError> {
    let transaction = with_columns!(query_one, tenant.0, account_id, transaction_id)
        .fetch_optional(unnamed(connection))
        .await?;
    Ok(transaction)
}

macro_rules! query_all {
    ($columns:tt,) => {
        sqlx::query_as!(
            StoredTransaction,
            "select status, " + $columns + "from transactions order by tenant_id, transaction_id"
        )
    };
}

/// Reads all transactions of all tenants.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<StoredTransaction>, StoreError> {
    let transactions = with_columns!(query_all,).fetch_all(unnamed(connection)).await?;
    Ok(transactions)
}
