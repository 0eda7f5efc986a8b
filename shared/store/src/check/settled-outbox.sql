-- Unsent outbox entries.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    'has an unsent outbox entry since ' || created_at as "detail!",
    count(*) over () as "broken!"
from outbox
order by tenant_id, batch_id
limit $1
