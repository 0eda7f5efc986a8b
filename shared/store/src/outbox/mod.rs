//! The outbox: what a committed batch still owes to the queue.

use std::time::Duration;

use sqlx::PgConnection;
use tributary_domain::{BatchId, TenantId};
use uuid::Uuid;

use crate::error::StoreError;
use crate::interval::millis;
use crate::unnamed::unnamed;

/// Messages that are owed for a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Whose batch it is.
    pub tenant: TenantId,
    /// The batch.
    pub batch: BatchId,
    /// This debt, and no other that is written for the same batch.
    pub debt_id: Uuid,
    /// The correlation id of the request that brought it.
    pub correlation_id: String,
    /// The X-Ray trace header of that request.
    pub trace_header: Option<String>,
    /// How many equal messages.
    pub message_count: i32,
}

/// Writes down what is owed, in the transaction that makes it so. What is owed already stays owed.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn insert(connection: &mut PgConnection, owed: &Owed) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into outbox (
            tenant_id, batch_id, debt_id, correlation_id, trace_header, message_count
        )
        values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant_id, batch_id) do update
        set
            debt_id = excluded.debt_id,
            message_count = greatest(outbox.message_count, excluded.message_count)
        "#,
        owed.tenant.0,
        owed.batch.0,
        owed.debt_id,
        owed.correlation_id,
        owed.trace_header,
        owed.message_count
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Strikes out what was sent: this debt, if it still stands.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn delete(connection: &mut PgConnection, owed: &Owed) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from outbox where tenant_id = $1 and batch_id = $2 and debt_id = $3",
        owed.tenant.0,
        owed.batch.0,
        owed.debt_id
    )
    .execute(unnamed(connection))
    .await?;
    Ok(())
}

/// Takes what has been owed for at least `age`, the oldest first, over all tenants,
/// and holds it until the transaction ends. What another relay holds is passed over.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn take_owed(
    connection: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<Vec<Owed>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select tenant_id, batch_id, debt_id, correlation_id, trace_header, message_count
        from outbox
        where created_at <= now() - $1::bigint * interval '1 millisecond'
        order by created_at, batch_id
        limit $2
        for update skip locked
        "#,
        millis(age),
        limit
    )
    .fetch_all(unnamed(connection))
    .await?;
    let owed = rows.into_iter().map(|row| Owed {
        tenant: TenantId(row.tenant_id),
        batch: BatchId(row.batch_id),
        debt_id: row.debt_id,
        correlation_id: row.correlation_id,
        trace_header: row.trace_header,
        message_count: row.message_count,
    });
    Ok(owed.collect())
}

/// Owes a message again for up to `limit` batches, over all tenants, that are unfinished, were last
/// announced at least `age` ago and have no row that anyone holds. Answers for how many of
/// them nothing was owed yet.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn owe_for_stranded(
    connection: &mut PgConnection,
    age: Duration,
    limit: i64,
) -> Result<u64, StoreError> {
    let owed = sqlx::query_file!("src/outbox/owe_for_stranded.sql", millis(age), limit)
        .execute(unnamed(connection))
        .await?;
    Ok(owed.rows_affected())
}
