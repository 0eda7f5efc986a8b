-- Idempotency keys whose batch is not stored.
select
    used.tenant_id,
    'idempotency key ' || used.idempotency_key as "subject!",
    'names batch ' || used.batch_id || ', which is not stored' as "detail!",
    count(*) over () as "broken!"
from idempotency_keys as used
left join batches as batch
    on used.tenant_id = batch.tenant_id and used.batch_id = batch.batch_id
where batch.batch_id is null
order by used.tenant_id, used.idempotency_key
limit $1
