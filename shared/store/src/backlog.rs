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
    /// Batches that are due to be announced.
    pub announcements_due: i64,
}

/// Measures the unfinished work. The cost depends on the unfinished batches only: they have an
/// index.
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
            count(*) filter (where announce_at <= now()) as "announcements_due!"
        from batches
        where finished_at is null
        "#
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(backlog)
}
