-- Batches that are unfinished and never announced again, or that have been due for longer than the grace period.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    case
        when announce_at is null then 'is unfinished, but not to be announced'
        when finished_at is null then 'was to be announced at ' || announce_at
        else 'is finished, but to be announced at ' || announce_at
    end as "detail!",
    count(*) over () as "broken!"
from batches
where
    tenant_id = $2
    and (
        (announce_at is null) <> (finished_at is not null)
        or announce_at < now() - $3::bigint * interval '1 millisecond'
    )
order by tenant_id, batch_id
limit $1
