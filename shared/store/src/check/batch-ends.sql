-- Batches that have had no slice left for longer than the grace period, but are not marked as finished.
select
    batch.tenant_id,
    'batch ' || batch.batch_id as "subject!",
    'has nothing left to work on since ' || work.ended_at as "detail!",
    count(*) over () as "broken!"
from batches as batch
cross join lateral (
    select coalesce(max(owned.enriched_at), batch.accepted_at) as ended_at
    from transactions as owned
    where owned.tenant_id = batch.tenant_id and owned.batch_id = batch.batch_id
) as work
where
    batch.tenant_id = $2
    and batch.finished_at is null
    and work.ended_at < now() - $3::bigint * interval '1 millisecond'
    and not exists (
        select from slices as slice
        where slice.tenant_id = batch.tenant_id and slice.batch_id = batch.batch_id
    )
order by batch.tenant_id, batch.batch_id
limit $1
