-- The batches of a tenant with a status, of the next $5, newest first.
with scanned as (
    select
        batch_id, correlation_id, total_transactions, inserted, updated, unchanged, removed,
        removed_unknown, failed, erased, accepted_at, started_at, finished_at,
        case
            when finished_at is null then 'open'
            when failed > 0 then 'failed'
            else 'finished'
        end as status
    from batches
    where tenant_id = $1 and ($2::uuid is null or batch_id < $2)
    order by batch_id desc
    limit $5
)

select
    batch_id, correlation_id, inserted, updated, unchanged, removed, removed_unknown, failed,
    erased, accepted_at, started_at, finished_at, status as "status!"
from scanned
where $3::text is null or status = $3
order by batch_id desc
limit $4
