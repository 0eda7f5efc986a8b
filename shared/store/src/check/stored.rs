//! Reads all stored rows, for tests that compare them with what they sent. Not for serving
//! requests: the cost grows with the number of rows.

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
pub use crate::transactions::stored::{StoredTransaction, all as transactions};
use crate::unnamed::unnamed;

/// A stored batch.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after the columns of the table")]
pub struct StoredBatch {
    pub batch_id: Uuid,
    pub idempotency_key: Option<String>,
    /// Without erased ones; empty if the batch has no list any more.
    pub transaction_ids: Vec<String>,
    pub inserted: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub removed: i32,
    pub removed_unknown: i32,
}

/// An earlier revision of a transaction.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after the columns of the table")]
pub struct StoredRevision {
    pub transaction_id: String,
    pub revision: i32,
    pub batch_id: Uuid,
    /// Separate from `content`, since a number in a [`Value`] is not exact.
    pub amount: Decimal,
    /// The other columns.
    pub content: Value,
}

/// A stored account.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after the columns of the table")]
pub struct StoredAccount {
    pub account_id: String,
    pub name: String,
}

/// All batches of all tenants, by batch id.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn batches(connection: &mut PgConnection) -> Result<Vec<StoredBatch>, StoreError> {
    let batches = sqlx::query_as!(
        StoredBatch,
        r#"
        select
            batch_id, idempotency_key,
            coalesce(array_remove(transaction_ids, null), '{}') as "transaction_ids!",
            inserted, updated, unchanged, removed, removed_unknown
        from batches
        order by tenant_id, batch_id
        "#
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(batches)
}

/// All earlier revisions of all tenants, the oldest first.
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

/// All accounts of all tenants.
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
