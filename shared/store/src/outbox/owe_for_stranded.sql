-- Owes one message for each batch that stands still: unfinished, last announced long ago, and none of its
-- rows held under a live lease. That it is announced now is noted, so that a long queue does not get a
-- message more for it each minute.
with stranded as (
    select batch.tenant_id, batch.batch_id, batch.correlation_id
    from batches as batch
    where
        batch.finished_at is null
        and batch.announced_at <= now() - $1::bigint * interval '1 millisecond'
        and not exists (
            select from transactions as held
            where
                held.tenant_id = batch.tenant_id
                and held.batch_id = batch.batch_id
                and held.status = 'processing'
                and held.lease_expires_at >= now()
        )
    order by batch.tenant_id, batch.batch_id
    limit $2
    for no key update skip locked
),

announced as (
    update batches as batch set announced_at = now()
    from stranded
    where batch.tenant_id = stranded.tenant_id and batch.batch_id = stranded.batch_id
)

insert into outbox (tenant_id, batch_id, debt_id, correlation_id, message_count)
select tenant_id, batch_id, gen_random_uuid(), correlation_id, 1 from stranded
on conflict (tenant_id, batch_id) do nothing
