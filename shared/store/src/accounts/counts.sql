-- What the transactions of the accounts $2 add up to: those of the report, in one snapshot. Accounts without
-- transactions have no row. All accounts are read at once: for each on its own, the planner might read a whole
-- table for each.
select
    account_id as "account_id!", sum(open)::bigint as "open!",
    sum(completed)::bigint as "completed!", sum(failed)::bigint as "failed!",
    array_agg(currency order by open + completed + failed desc, currency collate "C")
        as "currencies!",
    min(first_day) as first_day, max(last_day) as last_day
from (
    select
        account_id, currency,
        coalesce(sum(transaction_count) filter (where state = 'open'), 0) as open,
        coalesce(sum(transaction_count) filter (where state = 'completed'), 0) as completed,
        coalesce(sum(transaction_count) filter (where state = 'failed'), 0) as failed,
        min(day) as first_day, max(day) as last_day
    from (
        -- The folded days and the packs of a day may cancel each other out.
        select account_id, day, currency, state, sum(transaction_count) as transaction_count
        from report_entries($1, $2)
        group by account_id, day, currency, state
        having sum(transaction_count) <> 0
    ) as cell
    group by account_id, currency
) as by_currency
group by account_id
order by account_id
