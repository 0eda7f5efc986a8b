-- Returns batches whose messages are due, oldest first, and moves them on, so that no other relay sends them
-- meanwhile. Skips batches that another database transaction has locked.
with due as (
    select tenant_id, batch_id from batches
    where finished_at is null and announce_at <= now()
    order by announce_at, batch_id
    limit $1
    for no key update skip locked
),

taken as (
    update batches as batch
    set announce_at = now() + $2::bigint * interval '1 millisecond'
    from due
    where batch.tenant_id = due.tenant_id and batch.batch_id = due.batch_id
    returning
        batch.tenant_id, batch.batch_id, batch.correlation_id, batch.trace_header,
        batch.message_count, batch.announce_at
)

select
    tenant_id, batch_id, correlation_id, trace_header, message_count,
    announce_at as "announce_at!"
from taken
order by batch_id
