-- The accounts of a tenant after $2, or the account $3, by id, each with what its transactions add up to: those of the
-- report, in one snapshot.
with page as materialized (
    select
        account_id, name, account_type, subtype, mask, balances::text as balances, balances_at
    from accounts
    where
        tenant_id = $1
        and ($2::text is null or account_id > $2)
        and ($3::text is null or account_id = $3)
    order by account_id
    limit $4
)

select
    page.account_id as "account_id!", page.name as "name!", page.account_type as "account_type!",
    page.subtype, page.mask, page.balances, page.balances_at,
    coalesce(used.open, 0)::bigint as "open!", coalesce(used.completed, 0)::bigint as "completed!",
    coalesce(used.failed, 0)::bigint as "failed!", coalesce(used.currencies, '{}') as "currencies!",
    used.first_day, used.last_day
from page
-- For each account on its own, so that the memory does not grow with the page.
cross join lateral (
    select
        sum(open) as open, sum(completed) as completed, sum(failed) as failed,
        array_agg(currency order by open + completed + failed desc, currency collate "C")
            as currencies,
        min(first_day) as first_day, max(last_day) as last_day
    from (
        select
            currency,
            coalesce(sum(transaction_count) filter (where state = 'open'), 0) as open,
            coalesce(sum(transaction_count) filter (where state = 'completed'), 0) as completed,
            coalesce(sum(transaction_count) filter (where state = 'failed'), 0) as failed,
            min(day) as first_day, max(day) as last_day
        from (
            -- The folded days and the packs of a day may cancel each other out.
            select day, currency, state, sum(transaction_count) as transaction_count
            from report_entries($1, page.account_id)
            group by day, currency, state
            having sum(transaction_count) <> 0
        ) as cell
        group by currency
    ) as by_currency
) as used
order by page.account_id
