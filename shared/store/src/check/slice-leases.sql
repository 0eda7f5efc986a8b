-- Slices whose lease expired longer ago than the grace period.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    format(
        'positions %s to %s were claimed until %s', first_position, last_position, expires_at
    ) as "detail!",
    count(*) over () as "broken!"
from slices
where tenant_id = $2 and expires_at < now() - $3::bigint * interval '1 millisecond'
order by tenant_id, batch_id, first_position
limit $1
