-- Inserts one outbox entry for each stalled batch: unfinished, last announced long ago, and without an active
-- lease. Updates announced_at, so that a batch waiting in a long queue does not get another message each minute.
with stalled as (
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
    from stalled
    where batch.tenant_id = stalled.tenant_id and batch.batch_id = stalled.batch_id
)

insert into outbox (tenant_id, batch_id, entry_id, correlation_id, message_count)
select tenant_id, batch_id, gen_random_uuid(), correlation_id, 1 from stalled
on conflict (tenant_id, batch_id) do nothing
