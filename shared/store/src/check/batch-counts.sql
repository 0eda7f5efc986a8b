-- Batches whose counts do not add up to their number of transactions or are negative, and unfinished ones without a list
-- of them.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    format(
        'inserted %s, updated %s, unchanged %s, removed %s, removed_unknown %s, erased %s; lists %s of %s',
        inserted, updated, unchanged, removed, removed_unknown, erased,
        coalesce(cardinality(array_remove(transaction_ids, null))::text, 'none'),
        coalesce(cardinality(transaction_ids), total_transactions)
    ) as "detail!",
    count(*) over () as "broken!"
from batches
where
    tenant_id = $2
    and (
        inserted + updated + unchanged <> coalesce(cardinality(transaction_ids), total_transactions)
        or cardinality(array_remove(transaction_ids, null)) + erased <> cardinality(transaction_ids)
        or least(
            inserted, updated, unchanged, removed, removed_unknown, erased,
            total_transactions - erased
        ) < 0
        or (transaction_ids is null and finished_at is null)
    )
order by tenant_id, batch_id
limit $1
