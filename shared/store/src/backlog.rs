//! The unfinished work of all tenants, for metrics.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Unfinished work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Batches that are not finished.
    pub unfinished_batches: i64,
    /// Seconds since the oldest of them was accepted; zero if there are none.
    pub oldest_age_s: i64,
    /// Messages of the outbox that are not sent yet.
    pub messages_unsent: i64,
}

/// Measures the unfinished work. The cost depends on the unfinished batches only: they have an
/// index, and the outbox is small.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn measure(connection: &mut PgConnection) -> Result<Backlog, StoreError> {
    let backlog = sqlx::query_as!(
        Backlog,
        r#"
        select
            count(*) as "unfinished_batches!",
            coalesce(extract(epoch from now() - min(accepted_at)), 0)::bigint as "oldest_age_s!",
            (select coalesce(sum(message_count), 0) from outbox) as "messages_unsent!"
        from batches
        where finished_at is null
        "#
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(backlog)
}
