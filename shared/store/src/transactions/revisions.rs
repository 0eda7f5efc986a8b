//! The earlier contents of transactions.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use sqlx::PgConnection;
use tributary_domain::TenantId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// The most revisions of a transaction that [`revisions`] returns.
pub const REVISIONS_MAX: i64 = 100;

/// An earlier content of a transaction.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The number of the revision, from 1.
    pub revision: i32,
    /// The batch that wrote it.
    pub batch_id: Uuid,
    /// When the next revision replaced it.
    pub replaced_at: DateTime<Utc>,
    /// The content.
    pub content: RevisionContent,
}

/// The content of a revision, as `revise_changed.sql` writes it.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "named after the columns of the table")]
pub struct RevisionContent {
    #[serde(deserialize_with = "exact")]
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
    pub removed_at: Option<DateTime<Utc>>,
}

/// A decimal as text.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Reads the latest revisions of a transaction, the newest first, at most a hundred.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn revisions(
    connection: &mut PgConnection,
    tenant: TenantId,
    transaction_id: &str,
) -> Result<Vec<Revision>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select revision, batch_id, replaced_at, content::text as "content!"
        from transaction_revisions
        where tenant_id = $1 and transaction_id = $2
        order by revision desc
        limit $3
        "#,
        tenant.0,
        transaction_id,
        REVISIONS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    let revisions = rows.into_iter().map(|row| {
        Ok(Revision {
            revision: row.revision,
            batch_id: row.batch_id,
            replaced_at: row.replaced_at,
            content: serde_json::from_str(&row.content)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
        })
    });
    revisions.collect()
}
