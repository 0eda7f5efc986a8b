//! Batches: all their transactions are there, their counts add up, their keys and outbox entries are theirs.

use sqlx::PgConnection;

use super::{Check, FINDINGS_MAX, Row};
use crate::error::StoreError;
use crate::unnamed::unnamed;

pub(super) async fn run(
    connection: &mut PgConnection,
    grace_ms: i64,
) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        Check::of(
            "batch-members",
            "Every transaction that a batch was accepted with is stored.",
            members(connection).await?,
        ),
        Check::of(
            "batch-counts",
            "Inserted, updated and unchanged transactions of a batch add up to its transactions.",
            counts(connection).await?,
        ),
        Check::of(
            "batch-statuses",
            "Pending, processing, completed and failed add up to a batch's transactions.",
            statuses(connection).await?,
        ),
        Check::of(
            "batch-finished",
            "A finished batch has no transaction left to work on.",
            finished(connection).await?,
        ),
        Check::of(
            "batch-ends",
            "A batch with nothing left to work on is soon marked as finished.",
            ends(connection, grace_ms).await?,
        ),
        Check::of(
            "idempotency-keys",
            "Every idempotency key names a batch.",
            keys(connection).await?,
        ),
        Check::of(
            "outbox",
            "Each outbox entry has a batch, and is sent soon.",
            outbox(connection, grace_ms).await?,
        ),
    ])
}

async fn members(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            batch.tenant_id,
            'batch ' || batch.batch_id as "subject!",
            'transaction ' || member.transaction_id || ' is not stored' as "detail!",
            count(*) over () as "broken!"
        from batches as batch
        cross join lateral unnest(batch.transaction_ids) as member (transaction_id)
        left join transactions as stored
            on
                batch.tenant_id = stored.tenant_id
                and member.transaction_id = stored.transaction_id
        where stored.transaction_id is null
        order by batch.tenant_id, batch.batch_id, member.transaction_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn counts(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            tenant_id,
            'batch ' || batch_id as "subject!",
            format(
                'inserted %s, updated %s, unchanged %s of %s',
                inserted, updated, unchanged, cardinality(transaction_ids)
            ) as "detail!",
            count(*) over () as "broken!"
        from batches
        where
            inserted + updated + unchanged <> cardinality(transaction_ids)
            or least(inserted, updated, unchanged) < 0
            or cardinality(transaction_ids) = 0
        order by tenant_id, batch_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn statuses(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            batch.tenant_id,
            'batch ' || batch.batch_id as "subject!",
            format(
                '%s of %s have a known status', counted.total, cardinality(batch.transaction_ids)
            ) as "detail!",
            count(*) over () as "broken!"
        from batches as batch
        cross join lateral (
            select count(*) as total from transactions as member
            where
                member.tenant_id = batch.tenant_id
                and member.transaction_id = any(batch.transaction_ids)
                and member.status in ('pending', 'processing', 'completed', 'failed')
        ) as counted
        where counted.total <> cardinality(batch.transaction_ids)
        order by batch.tenant_id, batch.batch_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn finished(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            batch.tenant_id,
            'batch ' || batch.batch_id as "subject!",
            format('is finished, but transaction %s is %s', owned.transaction_id, owned.status)
                as "detail!",
            count(*) over () as "broken!"
        from transactions as owned
        inner join batches as batch
            on owned.tenant_id = batch.tenant_id and owned.batch_id = batch.batch_id
        where owned.status in ('pending', 'processing') and batch.finished_at is not null
        order by batch.tenant_id, batch.batch_id, owned.transaction_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn ends(connection: &mut PgConnection, grace_ms: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            batch.tenant_id,
            'batch ' || batch.batch_id as "subject!",
            'has nothing left to work on since ' || work.ended_at as "detail!",
            count(*) over () as "broken!"
        from batches as batch
        cross join lateral (
            select
                coalesce(max(owned.enriched_at), batch.accepted_at) as ended_at,
                count(*) filter (where owned.status in ('pending', 'processing')) as left_over
            from transactions as owned
            where owned.tenant_id = batch.tenant_id and owned.batch_id = batch.batch_id
        ) as work
        where
            batch.finished_at is null
            and work.left_over = 0
            and work.ended_at < now() - $1::bigint * interval '1 millisecond'
        order by batch.tenant_id, batch.batch_id
        limit $2
        "#,
        grace_ms,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn keys(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            used.tenant_id,
            'idempotency key ' || used.idempotency_key as "subject!",
            'names batch ' || used.batch_id || ', which is not stored' as "detail!",
            count(*) over () as "broken!"
        from idempotency_keys as used
        left join batches as batch
            on used.tenant_id = batch.tenant_id and used.batch_id = batch.batch_id
        where batch.batch_id is null
        order by used.tenant_id, used.idempotency_key
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn outbox(connection: &mut PgConnection, grace_ms: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            entry.tenant_id,
            'batch ' || entry.batch_id as "subject!",
            case
                when batch.batch_id is null then 'has an outbox entry, but is not stored'
                else 'has an unsent outbox entry since ' || entry.created_at
            end as "detail!",
            count(*) over () as "broken!"
        from outbox as entry
        left join batches as batch
            on entry.tenant_id = batch.tenant_id and entry.batch_id = batch.batch_id
        where
            batch.batch_id is null
            or entry.created_at < now() - $1::bigint * interval '1 millisecond'
        order by entry.tenant_id, entry.batch_id
        limit $2
        "#,
        grace_ms,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}
