//! How much work is left over all tenants, as an operator watches it.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Work that is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Batches that are not finished.
    pub unfinished_batches: i64,
    /// How long ago the oldest of them was accepted, in seconds; zero if there is none.
    pub oldest_age_s: i64,
    /// Outbox entries that are not sent yet.
    pub messages_unsent: i64,
}

/// Looks at the work that is left. It costs what is left, not what is stored: unfinished batches and
/// debts have indexes of their own.
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
