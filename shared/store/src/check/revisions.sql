-- Transactions whose earlier revisions are incomplete, and revisions without a transaction. The first ones of a transaction
-- that was stored before the last date of deleted revisions may be missing.
with kept as (
    select
        tenant_id, transaction_id, count(*) as total, min(revision) as first,
        max(revision) as last
    from transaction_revisions
    where tenant_id = $2
    group by tenant_id, transaction_id
),

deleted as (
    select deleted_before from retention_progress where subject = 'revisions'
)

select
    coalesce(booked.tenant_id, kept.tenant_id) as "tenant_id!",
    'transaction ' || coalesce(booked.transaction_id, kept.transaction_id) as "subject!",
    format(
        'revision %s, with %s earlier ones (%s to %s)',
        booked.revision, coalesce(kept.total, 0), kept.first, kept.last
    ) as "detail!",
    count(*) over () as "broken!"
from (
    select tenant_id, transaction_id, revision, created_at from transactions where tenant_id = $2
) as booked
full join kept
    on booked.tenant_id = kept.tenant_id and booked.transaction_id = kept.transaction_id
left join deleted on true
cross join lateral (
    select
        case
            when booked.created_at < deleted.deleted_before then coalesce(kept.first, booked.revision)
            else 1
        end as first
) as expected
where
    booked.transaction_id is null
    or booked.revision <> coalesce(kept.total, 0) + expected.first
    or kept.first <> expected.first
    or kept.last <> booked.revision - 1
order by 1, 2
limit $1
