-- Adds folded days and deltas that are not folded yet, in one snapshot. Returns no row if the account is unknown.
select
    sums.currency as "currency?",
    sums.status as "status?",
    sums.category as "category?",
    sums.transaction_count as "transaction_count?",
    sums.spend as "spend?",
    sums.income as "income?"
from accounts as account
left join lateral (
    select
        part.currency,
        part.status,
        part.category,
        sum(part.transaction_count)::bigint as transaction_count,
        sum(part.spend) as spend,
        sum(part.income) as income
    from (
        select day.currency, day.status, day.category, day.transaction_count, day.spend, day.income
        from report_days as day
        where
            day.tenant_id = account.tenant_id
            and day.account_id = account.account_id
            and day.day between $3 and $4
        union all
        select
            delta.currency, delta.status, delta.category, delta.transaction_count, delta.spend,
            delta.income
        from report_deltas as delta
        where
            delta.tenant_id = account.tenant_id
            and delta.account_id = account.account_id
            and delta.day between $3 and $4
    ) as part
    group by part.currency, part.status, part.category
    having sum(part.transaction_count) <> 0
) as sums on true
where account.tenant_id = $1 and account.account_id = $2
order by sums.currency, sums.status, sums.category
