-- Slices that are not finished.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    format('positions %s to %s are not finished', first_position, last_position) as "detail!",
    count(*) over () as "broken!"
from slices
where tenant_id = $2
order by tenant_id, batch_id, first_position
limit $1
