-- Transactions that are still to be processed although their batch is finished.
select
    batch.tenant_id,
    'batch ' || batch.batch_id as "subject!",
    format('is finished, but transaction %s is %s', owned.transaction_id, owned.status)
        as "detail!",
    count(*) over () as "broken!"
from transactions as owned
inner join batches as batch
    on owned.tenant_id = batch.tenant_id and owned.batch_id = batch.batch_id
where owned.tenant_id = $2 and owned.status = 'pending' and batch.finished_at is not null
order by batch.tenant_id, batch.batch_id, owned.transaction_id
limit $1
