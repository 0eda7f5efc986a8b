-- Outbox entries without a batch, or unsent for longer than the grace period.
select
    entry.tenant_id,
    'batch ' || entry.batch_id as "subject!",
    case
        when batch.batch_id is null then 'has an outbox entry, but is not stored'
        else 'has an unsent outbox entry since ' || entry.created_at
    end as "detail!",
    count(*) over () as "broken!"
from outbox as entry
left join batches as batch
    on entry.tenant_id = batch.tenant_id and entry.batch_id = batch.batch_id
where
    batch.batch_id is null
    or entry.created_at < now() - $2::bigint * interval '1 millisecond'
order by entry.tenant_id, entry.batch_id
limit $1
