-- Transactions whose lease expired longer ago than the grace period.
select
    tenant_id,
    'transaction ' || transaction_id as "subject!",
    'is processing under a lease that ended at ' || lease_expires_at as "detail!",
    count(*) over () as "broken!"
from transactions
where
    status = 'processing'
    and lease_expires_at < now() - $2::bigint * interval '1 millisecond'
order by tenant_id, transaction_id
limit $1
