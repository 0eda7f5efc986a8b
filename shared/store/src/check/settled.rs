//! That all work is done: what must hold when nothing more comes in and time has passed.

use sqlx::PgConnection;

use super::{Check, FINDINGS_MAX, Row};
use crate::error::StoreError;
use crate::unnamed::unnamed;

/// Work that is left, over all tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Transactions that are pending or processing.
    pub transactions: i64,
    /// Batches that are not finished.
    pub batches: i64,
    /// Batches with an unsent outbox entry.
    pub outbox: i64,
}

impl Unsettled {
    /// Nothing is left.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Counts the work that is left.
///
/// # Errors
/// [`StoreError`] of the statement.
pub async fn unsettled(connection: &mut PgConnection) -> Result<Unsettled, StoreError> {
    let unsettled = sqlx::query_as!(
        Unsettled,
        r#"
        select
            (
                select count(*) from transactions where status in ('pending', 'processing')
            ) as "transactions!",
            (select count(*) from batches where finished_at is null) as "batches!",
            (select count(*) from outbox) as "outbox!"
        "#
    )
    .fetch_one(unnamed(connection))
    .await?;
    Ok(unsettled)
}

pub(super) async fn run(connection: &mut PgConnection) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        Check::of(
            "settled-transactions",
            "No transaction is pending or processing.",
            transactions(connection).await?,
        ),
        Check::of("settled-batches", "Every batch is finished.", batches(connection).await?),
        Check::of("settled-outbox", "The outbox is empty.", outbox(connection).await?),
    ])
}

async fn transactions(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            tenant_id,
            'transaction ' || transaction_id as "subject!",
            format('is %s, the work of batch %s', status, batch_id) as "detail!",
            count(*) over () as "broken!"
        from transactions
        where status in ('pending', 'processing')
        order by tenant_id, transaction_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn batches(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            tenant_id,
            'batch ' || batch_id as "subject!",
            'is not finished since ' || accepted_at as "detail!",
            count(*) over () as "broken!"
        from batches
        where finished_at is null
        order by tenant_id, batch_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn outbox(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            tenant_id,
            'batch ' || batch_id as "subject!",
            'has an unsent outbox entry since ' || created_at as "detail!",
            count(*) over () as "broken!"
        from outbox
        order by tenant_id, batch_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}
