-- Sums of the report, folded days plus deltas, that differ from the sums of the transactions. Replaced pending
-- transactions are in no sum.
with kept as (
    select
        tenant_id, account_id, day, currency, category, status,
        sum(transaction_count) as total, sum(spend) as spend, sum(income) as income
    from (
        select
            tenant_id, account_id, day, currency, category, status,
            transaction_count, spend, income
        from report_days
        union all
        select
            tenant_id, account_id, day, currency, category, status,
            transaction_count, spend, income
        from report_deltas
    ) as part
    group by tenant_id, account_id, day, currency, category, status
),

recomputed as (
    select
        tenant_id, account_id, (booked_at at time zone 'UTC')::date as day, currency,
        coalesce(category, '') as category, status,
        count(*) as total, sum(greatest(-amount, 0)) as spend, sum(greatest(amount, 0)) as income
    from transactions
    where replaced_by is null
    group by 1, 2, 3, 4, 5, 6
)

select
    coalesce(kept.tenant_id, recomputed.tenant_id) as "tenant_id!",
    'account ' || coalesce(kept.account_id, recomputed.account_id) as "subject!",
    format(
        '%s %s %s %s: kept %s (spend %s, income %s), recomputed %s (spend %s, income %s)',
        coalesce(kept.day, recomputed.day), coalesce(kept.currency, recomputed.currency),
        coalesce(kept.status, recomputed.status),
        coalesce(nullif(coalesce(kept.category, recomputed.category), ''), 'uncategorised'),
        coalesce(kept.total, 0), coalesce(kept.spend, 0), coalesce(kept.income, 0),
        coalesce(recomputed.total, 0), coalesce(recomputed.spend, 0), coalesce(recomputed.income, 0)
    ) as "detail!",
    count(*) over () as "broken!"
from kept
full join recomputed
    on
        kept.tenant_id = recomputed.tenant_id
        and kept.account_id = recomputed.account_id
        and kept.day = recomputed.day
        and kept.currency = recomputed.currency
        and kept.category = recomputed.category
        and kept.status = recomputed.status
where
    coalesce(kept.total, 0) <> coalesce(recomputed.total, 0)
    or coalesce(kept.spend, 0) <> coalesce(recomputed.spend, 0)
    or coalesce(kept.income, 0) <> coalesce(recomputed.income, 0)
order by 1, 2, 3
limit $1
