-- Transactions whose earlier revisions are incomplete, and revisions without a transaction.
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
