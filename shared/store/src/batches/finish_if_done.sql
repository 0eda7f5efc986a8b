-- Marks a batch as finished if it has no slice left, with the number of its transactions that failed. Returns the slices by state, and how long the batch took if this
-- marked it.
with work as (
    select
        count(*) filter (where token is null) as free,
        count(*) filter (where expires_at >= now()) as leased,
        count(*) filter (where expires_at < now()) as expired
    from slices
    where tenant_id = $1 and batch_id = $2
),

finished as (
    update batches as batch
    set
        started_at = coalesce(batch.started_at, now()),
        finished_at = now(),
        announce_at = null,
        failed = (
            select count(*) from transactions as own
            where own.tenant_id = $1 and own.batch_id = $2 and own.status = 'failed'
        )
    from work
    where
        batch.tenant_id = $1
        and batch.batch_id = $2
        and batch.finished_at is null
        and work.free + work.leased + work.expired = 0
    returning (extract(epoch from now() - batch.accepted_at) * 1000)::bigint as lag_ms
)

select
    free as "free!", leased as "leased!", expired as "expired!",
    (select lag_ms from finished) as lag_ms
from work
