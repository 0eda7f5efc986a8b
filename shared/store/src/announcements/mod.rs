//! Announcements of batches on the queue: when they are due, and what was sent.
//!
//! The row of a batch says when it is to be announced next: see `announce_at` in the schema. Every
//! function compares it with the value that it read, so that none undoes what another has set.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId};

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// The messages of a batch that are to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The tenant of the batch.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
    /// The correlation id of the request.
    pub correlation_id: String,
    /// The X-Ray trace header of that request.
    pub trace_header: Option<String>,
    /// The number of identical messages.
    pub message_count: i32,
    /// When relay sends them, unless this changes before.
    pub announce_at: DateTime<Utc>,
}

/// Takes up to `limit` announcements that are due, over all tenants, the oldest first. They are due
/// again after `retry`, unless [`mark_sent`] follows.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn take_due(
    connection: &mut PgConnection,
    limit: i64,
    retry: Duration,
) -> Result<Vec<Announcement>, StoreError> {
    let rows = sqlx::query_file!("src/announcements/take_due.sql", limit, millis(retry))
        .fetch_all(unnamed(connection))
        .await?;
    let due = rows.into_iter().map(|row| Announcement {
        tenant: TenantId(row.tenant_id),
        batch: BatchId(row.batch_id),
        correlation_id: row.correlation_id,
        trace_header: row.trace_header,
        message_count: row.message_count,
        announce_at: row.announce_at,
    });
    Ok(due.collect())
}

/// Sets when batches are announced again whose messages were sent: after `again`, and after the age
/// of an older batch, up to four times `again`.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn mark_sent(
    connection: &mut PgConnection,
    sent: &[Announcement],
    again: Duration,
) -> Result<(), StoreError> {
    let tenants: Vec<_> = sent.iter().map(|announcement| announcement.tenant.0).collect();
    let batches: Vec<_> = sent.iter().map(|announcement| announcement.batch.0).collect();
    let announce_at: Vec<_> = sent.iter().map(|announcement| announcement.announce_at).collect();
    sqlx::query_file!(
        "src/announcements/mark_sent.sql",
        &tenants,
        &batches,
        &announce_at,
        millis(again),
        millis(again.saturating_mul(4))
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Makes an announcement due at once whose messages could not be sent.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn mark_unsent(
    connection: &mut PgConnection,
    announcement: &Announcement,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        update batches set announce_at = now()
        where tenant_id = $1 and batch_id = $2 and announce_at = $3
        "#,
        announcement.tenant.0,
        announcement.batch.0,
        announcement.announce_at
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}
