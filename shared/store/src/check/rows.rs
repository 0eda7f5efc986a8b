//! Transactions: each belongs to its batch and account, says what its status says, and has an exact
//! amount and its whole history.

use sqlx::PgConnection;
use tributary_domain::{Currency, Money};

use super::{Check, FINDINGS_MAX, Row};
use crate::error::StoreError;
use crate::unnamed::unnamed;

pub(super) async fn run(
    connection: &mut PgConnection,
    grace_ms: i64,
) -> Result<Vec<Check>, StoreError> {
    Ok(vec![
        Check::of(
            "transaction-owners",
            "A transaction is the work of a batch that brought it, on an account that is stored.",
            owners(connection).await?,
        ),
        Check::of(
            "transaction-statuses",
            "A transaction has the columns of its status and no others.",
            columns(connection).await?,
        ),
        Check::of(
            "transaction-leases",
            "A transaction that no worker holds any more is soon claimed again.",
            leases(connection, grace_ms).await?,
        ),
        Check::of(
            "amounts",
            "An amount has no more digits than its currency has, and its currency is in use.",
            amounts(connection).await?,
        ),
        Check::of(
            "revisions",
            "Revision n of a transaction has every earlier revision, 1 to n - 1, and no other.",
            revisions(connection).await?,
        ),
        Check::of(
            "replacements",
            "A pending transaction is replaced by the first posted one that names it, by nothing else.",
            replacements(connection).await?,
        ),
    ])
}

async fn owners(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            owned.tenant_id,
            'transaction ' || owned.transaction_id as "subject!",
            case
                when account.account_id is null
                    then 'its account ' || owned.account_id || ' is not stored'
                else 'its batch ' || owned.batch_id || ' did not bring it'
            end as "detail!",
            count(*) over () as "broken!"
        from transactions as owned
        left join accounts as account
            on owned.tenant_id = account.tenant_id and owned.account_id = account.account_id
        left join (
            select tenant_id, batch_id, unnest(transaction_ids) as transaction_id from batches
        ) as member
            on
                owned.tenant_id = member.tenant_id
                and owned.batch_id = member.batch_id
                and owned.transaction_id = member.transaction_id
        where account.account_id is null or member.transaction_id is null
        order by owned.tenant_id, owned.transaction_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn columns(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_file_as!(Row, "src/check/columns.sql", FINDINGS_MAX)
        .fetch_all(unnamed(connection))
        .await?;
    Ok(rows)
}

async fn leases(connection: &mut PgConnection, grace_ms: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            tenant_id,
            'transaction ' || transaction_id as "subject!",
            'is processing under a lease that ended at ' || lease_expires_at as "detail!",
            count(*) over () as "broken!"
        from transactions
        where
            status = 'processing'
            and lease_expires_at < now() - $1::bigint * interval '1 millisecond'
        order by tenant_id, transaction_id
        limit $2
        "#,
        grace_ms,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

/// What a currency allows is the domain's to say: asked for those that are stored.
async fn amounts(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let stored =
        sqlx::query_scalar!("select distinct currency from transactions order by currency")
            .fetch_all(unnamed(connection))
            .await?;
    let known: Vec<_> = stored.iter().filter_map(|code| Currency::from_code(code)).collect();
    let codes: Vec<_> = known.iter().map(|currency| currency.code()).collect();
    let minor_units: Vec<_> =
        known.iter().map(|it| i32::try_from(it.minor_units()).unwrap_or(i32::MAX)).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            booked.tenant_id,
            'transaction ' || booked.transaction_id as "subject!",
            format('is of %s %s', booked.amount, booked.currency) as "detail!",
            count(*) over () as "broken!"
        from transactions as booked
        left join unnest($1::text[], $2::integer[]) as currency (code, minor_units)
            on booked.currency = currency.code
        where
            currency.code is null
            or booked.amount in ('NaN', 'Infinity', '-Infinity')
            or scale(trim_scale(booked.amount)) > currency.minor_units
            or abs(trunc(booked.amount)) >= 10::numeric ^ $3::integer
        order by booked.tenant_id, booked.transaction_id
        limit $4
        "#,
        codes as _,
        &minor_units,
        i32::try_from(Money::INTEGER_DIGITS_MAX).unwrap_or(i32::MAX),
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn revisions(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        with kept as (
            select
                tenant_id, transaction_id, count(*) as total, min(revision) as first,
                max(revision) as last
            from transaction_revisions
            group by tenant_id, transaction_id
        )

        select
            coalesce(booked.tenant_id, kept.tenant_id) as "tenant_id!",
            'transaction ' || coalesce(booked.transaction_id, kept.transaction_id) as "subject!",
            format(
                'revision %s, with %s earlier ones (%s to %s)',
                booked.revision, coalesce(kept.total, 0), kept.first, kept.last
            ) as "detail!",
            count(*) over () as "broken!"
        from transactions as booked
        full join kept
            on booked.tenant_id = kept.tenant_id and booked.transaction_id = kept.transaction_id
        where
            booked.transaction_id is null
            or booked.revision <> coalesce(kept.total, 0) + 1
            or kept.first <> 1
            or kept.last <> kept.total
        order by 1, 2
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}

async fn replacements(connection: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        select
            booked.tenant_id,
            'transaction ' || booked.transaction_id as "subject!",
            format(
                'is replaced by %s and should be by %s',
                coalesce(booked.replaced_by, 'nothing'), coalesce(named.successor, 'nothing')
            ) as "detail!",
            count(*) over () as "broken!"
        from transactions as booked
        left join (
            select tenant_id, pending_transaction_id, min(transaction_id) as successor
            from transactions
            where pending_transaction_id is not null
            group by tenant_id, pending_transaction_id
        ) as named
            on
                booked.tenant_id = named.tenant_id
                and booked.transaction_id = named.pending_transaction_id
                and booked.is_pending
        where booked.replaced_by is distinct from named.successor
        order by booked.tenant_id, booked.transaction_id
        limit $1
        "#,
        FINDINGS_MAX
    )
    .fetch_all(unnamed(connection))
    .await?;
    Ok(rows)
}
