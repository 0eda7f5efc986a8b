-- Batches whose counts do not add up to their number of transactions.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    format(
        'inserted %s, updated %s, unchanged %s of %s',
        inserted, updated, unchanged, cardinality(transaction_ids)
    ) as "detail!",
    count(*) over () as "broken!"
from batches
where
    inserted + updated + unchanged <> cardinality(transaction_ids)
    or least(inserted, updated, unchanged) < 0
    or cardinality(transaction_ids) = 0
order by tenant_id, batch_id
limit $1
