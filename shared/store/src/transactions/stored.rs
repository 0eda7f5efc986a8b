//! Reads stored transactions.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::{TenantId, TransactionStatus};
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
    pub booked_at: DateTime<Utc>,
    pub authorized_on: Option<NaiveDate>,
    pub description: String,
    pub merchant_name: Option<String>,
    pub payment_channel: Option<String>,
    pub merchant_category_code: Option<String>,
    pub is_pending: bool,
    pub pending_transaction_id: Option<String>,
    pub replaced_by: Option<String>,
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

/// Selects [`StoredTransaction`]s. `$rest` follows the `from` clause.
macro_rules! select_transactions {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            StoredTransaction,
            r#"
            select
                transaction_id, account_id, batch_id, amount, currency, booked_at, authorized_on,
                description, merchant_name, payment_channel, merchant_category_code, is_pending,
                pending_transaction_id, replaced_by, revision, status, attempts, category,
                primary_code, detailed_code, confidence, rule, failure_reason
            from transactions
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Which transactions of an account to read, and how many.
#[derive(Clone, Debug)]
pub struct PageQuery<'q> {
    /// The account.
    pub account_id: &'q str,
    /// Only transactions booked at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only transactions booked before this instant.
    pub before: Option<DateTime<Utc>>,
    /// Only transactions with this status.
    pub status: Option<TransactionStatus>,
    /// Only transactions with this category.
    pub category: Option<&'q str>,
    /// The instant and id of the last transaction of the previous page.
    pub after: Option<(DateTime<Utc>, &'q str)>,
    /// The maximum number of transactions.
    pub limit: i64,
}

/// Reads one page of an account's transactions, newest first, then by descending id.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn page(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &PageQuery<'_>,
) -> Result<Vec<StoredTransaction>, StoreError> {
    let transactions = select_transactions!(
        r#"
        where
            tenant_id = $1
            and account_id = $2
            and ($3::timestamptz is null or booked_at >= $3)
            and ($4::timestamptz is null or booked_at < $4)
            and ($5::text is null or status = $5)
            and ($6::text is null or category = $6)
            and ($7::timestamptz is null or (booked_at, transaction_id) < ($7, $8::text))
        order by booked_at desc, transaction_id desc
        limit $9
        "#,
        tenant.0,
        query.account_id,
        query.from,
        query.before,
        query.status.map(TransactionStatus::as_str),
        query.category,
        query.after.map(|(booked_at, _)| booked_at),
        query.after.map(|(_, transaction_id)| transaction_id),
        query.limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(transactions)
}

/// Reads all transactions of all tenants.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<StoredTransaction>, StoreError> {
    let transactions = select_transactions!("order by tenant_id, transaction_id")
        .fetch_all(unnamed(connection))
        .await?;
    Ok(transactions)
}
