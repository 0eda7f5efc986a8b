-- Batches without counts, or whose counts do not add up to their number of transactions.
select
    tenant_id,
    'batch ' || batch_id as "subject!",
    format(
        'inserted %s, updated %s, unchanged %s of %s, of which %s are listed',
        inserted, updated, unchanged, total_transactions, cardinality(transaction_ids)
    ) as "detail!",
    count(*) over () as "broken!"
from batches
where
    (inserted + updated + unchanged = total_transactions) is not true
    or (cardinality(transaction_ids) = total_transactions) is not true
    or least(inserted, updated, unchanged) < 0
    or total_transactions = 0
order by tenant_id, batch_id
limit $1
