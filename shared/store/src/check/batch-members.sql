-- Transactions that a batch lists but that are not stored, except those that relay has deleted.
select
    batch.tenant_id,
    'batch ' || batch.batch_id as "subject!",
    'transaction ' || member.transaction_id || ' is not stored' as "detail!",
    count(*) over () as "broken!"
from batches as batch
cross join lateral unnest(batch.transaction_ids) as member (transaction_id)
left join transactions as stored
    on
        batch.tenant_id = stored.tenant_id
        and member.transaction_id = stored.transaction_id
where
    batch.tenant_id = $2
    and stored.transaction_id is null
    and member.transaction_id is not null
    and not exists (
        select from deleted_transactions as deleted
        where
            deleted.tenant_id = batch.tenant_id
            and deleted.transaction_id = member.transaction_id
    )
order by batch.tenant_id, batch.batch_id, member.transaction_id
limit $1
