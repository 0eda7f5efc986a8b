-- Batches that are not finished.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    'is not finished since ' || accepted_at as "detail!",
    count(*) over () as "broken!"
from batches
where tenant_id = $2 and finished_at is null
order by tenant_id, batch_id
limit $1
