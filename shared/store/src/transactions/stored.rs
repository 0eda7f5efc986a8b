//! A stored transaction, and how to read one or all.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use tributary_domain::TenantId;
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
    pub rules_version: Option<String>,
    pub failure_reason: Option<String>,
}

/// Passes to another macro the columns of [`StoredTransaction`], except its status, and the expression
/// of its status, for a table `row`: a pending transaction is processing while a worker holds the
/// lease of its slice. The tenant is the first parameter.
macro_rules! with_columns {
    ($macro:ident, $($arguments:tt)*) => {
        $macro!(
            r#"
            transaction_id, account_id, batch_id, amount, currency, booked_on, booked_at,
            authorized_on, description, merchant_name, payment_channel, merchant_category_code,
            bank_category, is_pending, pending_transaction_id, replaced_by, removed_at, revision,
            attempts, category, primary_code, detailed_code, confidence, rule, rules_version,
            failure_reason
            "#,
            r#"
            case
                when row.status = 'pending' and exists (
                    select from slices as claimed
                    where
                        claimed.tenant_id = $1
                        and claimed.batch_id = row.batch_id
                        and claimed.expires_at >= now()
                        and row.batch_position
                        between claimed.first_position and claimed.last_position
                ) then 'processing'
                else row.status
            end
            "#,
            $($arguments)*
        )
    };
}
pub(super) use with_columns;

/// Passes the columns of [`StoredTransaction`] of one transaction to the query.
macro_rules! query_one {
    ($columns:tt, $status:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            StoredTransaction,
            "select "
            + $columns
            + ", "
            + $status
            + r#" as "status!"
            from transactions as row
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
    ($columns:tt, $status:tt,) => {
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
