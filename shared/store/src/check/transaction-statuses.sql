-- Transactions whose columns do not match their status. The constraints of the table say the same; this finds rows
-- that were written while a constraint was missing or not valid.
select
    tenant_id,
    'transaction ' || transaction_id as "subject!",
    format(
        '%s after %s attempts, category %s, reason %s, enriched %s',
        status, attempts, coalesce(category, 'none'), coalesce(failure_reason, 'none'),
        coalesce(enriched_at::text, 'never')
    ) as "detail!",
    count(*) over () as "broken!"
from transactions
where
    tenant_id = $2
    and (
        status not in ('pending', 'completed', 'failed')
        or attempts < 0
        or (status <> 'pending' and attempts = 0)
        or num_nonnulls(category, primary_code, detailed_code, confidence, rule, rules_version)
        <> case when status = 'completed' then 6 else 0 end
        or (status = 'failed') <> (failure_reason is not null)
        or (status in ('completed', 'failed')) <> (enriched_at is not null)
    )
order by tenant_id, transaction_id
limit $1
