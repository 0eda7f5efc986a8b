//! Everything that a tenant has stored, read whole: for whoever kept a ledger of what it was answered and
//! compares. Not for serving requests: it costs what is stored.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// A stored batch.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, under its names")]
pub struct StoredBatch {
    pub batch_id: Uuid,
    pub idempotency_key: Option<String>,
    pub transaction_ids: Vec<String>,
    pub inserted: i32,
    pub updated: i32,
    pub unchanged: i32,
}

/// A stored transaction.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, under its names")]
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

/// A transaction's earlier content.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, under its names")]
pub struct StoredRevision {
    pub transaction_id: String,
    pub revision: i32,
    pub batch_id: Uuid,
    /// Beside the rest, since a number in a [`Value`] is not exact.
    pub amount: Decimal,
    /// The rest of it.
    pub content: Value,
}

/// A stored account.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table, under its names")]
pub struct StoredAccount {
    pub account_id: String,
    pub name: String,
}

/// Every batch of all tenants, the earliest first.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn batches(connection: &mut PgConnection) -> Result<Vec<StoredBatch>, StoreError> {
    let batches = sqlx::query_as!(
        StoredBatch,
        r#"
        select
            batch.batch_id, used.idempotency_key as "idempotency_key?", batch.transaction_ids,
            batch.inserted, batch.updated, batch.unchanged
        from batches as batch
        left join idempotency_keys as used
            on batch.tenant_id = used.tenant_id and batch.batch_id = used.batch_id
        order by batch.tenant_id, batch.batch_id
        "#
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(batches)
}

/// Every transaction of all tenants.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn transactions(
    connection: &mut PgConnection,
) -> Result<Vec<StoredTransaction>, StoreError> {
    let transactions = sqlx::query_as!(
        StoredTransaction,
        r#"
        select
            transaction_id, account_id, batch_id, amount, currency, booked_at, authorized_on,
            description, merchant_name, payment_channel, merchant_category_code, is_pending,
            pending_transaction_id, replaced_by, revision, status, attempts, category,
            primary_code, detailed_code, confidence, rule, failure_reason
        from transactions
        order by tenant_id, transaction_id
        "#
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(transactions)
}

/// Every earlier content of the transactions of all tenants, the earliest first.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn revisions(connection: &mut PgConnection) -> Result<Vec<StoredRevision>, StoreError> {
    let revisions = sqlx::query_as!(
        StoredRevision,
        r#"
        select
            transaction_id, revision, batch_id, (content ->> 'amount')::numeric as "amount!",
            content - 'amount' as "content!"
        from transaction_revisions
        order by tenant_id, transaction_id, revision
        "#
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(revisions)
}

/// Every account of all tenants.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn accounts(connection: &mut PgConnection) -> Result<Vec<StoredAccount>, StoreError> {
    let accounts = sqlx::query_as!(
        StoredAccount,
        "select account_id, name from accounts order by tenant_id, account_id"
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(accounts)
}
