-- Batches with transactions that are missing or have an unknown status.
select
    batch.tenant_id,
    'batch ' || batch.batch_id as "subject!",
    format(
        '%s of %s have a known status', counted.total, batch.total_transactions - batch.erased
    ) as "detail!",
    count(*) over () as "broken!"
from batches as batch
cross join lateral (
    select count(*) as total from transactions as member
    where
        member.tenant_id = batch.tenant_id
        and member.transaction_id = any(batch.transaction_ids)
        and member.status in ('pending', 'completed', 'failed')
) as counted
where
    batch.tenant_id = $2
    and batch.transaction_ids is not null
    and counted.total <> cardinality(array_remove(batch.transaction_ids, null))
    and counted.total + (
        select count(distinct deleted.transaction_id) from deleted_transactions as deleted
        where
            deleted.tenant_id = batch.tenant_id
            and deleted.transaction_id = any(batch.transaction_ids)
            and not exists (
                select from transactions as stored
                where
                    stored.tenant_id = deleted.tenant_id
                    and stored.transaction_id = deleted.transaction_id
            )
    ) <> cardinality(array_remove(batch.transaction_ids, null))
order by batch.tenant_id, batch.batch_id
limit $1
