-- Sums of the report, folded days plus packs, that differ from the sums of the transactions. Replaced pending
-- transactions and removed ones are in no sum.
with kept as (
    select
        tenant_id, account_id, day, currency, state, kind, category,
        sum(transaction_count) as total, sum(amount) as amount
    from (
        select
            tenant_id, account_id, day, currency, state, kind, category, transaction_count, amount
        from report_days
        where tenant_id = $2
        union all
        select
            pack.tenant_id, pack.account_id, entry.day, entry.currency, entry.state, entry.kind,
            entry.category, entry.transaction_count, entry.amount
        from report_packs as pack
        cross join lateral unnest(
            pack.days, pack.currencies, pack.states, pack.kinds, pack.categories, pack.counts,
            pack.amounts
        ) as entry (day, currency, state, kind, category, transaction_count, amount)
        where pack.tenant_id = $2
    ) as part
    group by tenant_id, account_id, day, currency, state, kind, category
),

recomputed as (
    select
        tenant_id, account_id, booked_on as day, currency,
        case when status in ('completed', 'failed') then status else 'open' end as state,
        case when amount > 0 then 'income' else 'spend' end as kind,
        coalesce(category, '') as category, count(*) as total, sum(abs(amount)) as amount
    from transactions
    where tenant_id = $2 and replaced_by is null and removed_at is null
    group by 1, 2, 3, 4, 5, 6, 7
)

select
    coalesce(kept.tenant_id, recomputed.tenant_id) as "tenant_id!",
    'account ' || coalesce(kept.account_id, recomputed.account_id) as "subject!",
    format(
        '%s %s %s %s %s: kept %s (amount %s), recomputed %s (amount %s)',
        coalesce(kept.day, recomputed.day), coalesce(kept.currency, recomputed.currency),
        coalesce(kept.state, recomputed.state), coalesce(kept.kind, recomputed.kind),
        coalesce(nullif(coalesce(kept.category, recomputed.category), ''), 'uncategorised'),
        coalesce(kept.total, 0), coalesce(kept.amount, 0), coalesce(recomputed.total, 0),
        coalesce(recomputed.amount, 0)
    ) as "detail!",
    count(*) over () as "broken!"
from kept
full join recomputed
    on
        kept.tenant_id = recomputed.tenant_id
        and kept.account_id = recomputed.account_id
        and kept.day = recomputed.day
        and kept.currency = recomputed.currency
        and kept.state = recomputed.state
        and kept.kind = recomputed.kind
        and kept.category = recomputed.category
where
    coalesce(kept.total, 0) <> coalesce(recomputed.total, 0)
    or coalesce(kept.amount, 0) <> coalesce(recomputed.amount, 0)
order by 1, 2, 3
limit $1
