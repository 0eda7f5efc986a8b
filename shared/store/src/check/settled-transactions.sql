-- Transactions that are still to be processed.
select
    tenant_id,
    'transaction ' || transaction_id as "subject!",
    format('is %s, the work of batch %s', status, batch_id) as "detail!",
    count(*) over () as "broken!"
from transactions
where tenant_id = $2 and status = 'pending'
order by tenant_id, transaction_id
limit $1
