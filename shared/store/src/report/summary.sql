-- Adds folded days, packs that are not folded yet, and the slices that workers hold, in one snapshot. The pending
-- transactions of those slices are processing. Returns no row if the account is unknown.
with held as (
    select
        pending.currency, count(*) as transaction_count,
        sum(greatest(-pending.amount, 0)) as spend, sum(greatest(pending.amount, 0)) as income
    from slices as slice
    cross join lateral (
        select row.currency, row.amount from transactions as row
        where
            row.tenant_id = $1
            and row.batch_id = slice.batch_id
            and row.batch_position between slice.first_position and slice.last_position
            and row.account_id = $2
            and row.status = 'pending'
            and row.replaced_by is null
            and row.booked_at >= ($3::date at time zone 'UTC')
            and row.booked_at < (($4::date + 1) at time zone 'UTC')
        -- Keeps the planner from reading all rows of the account first.
        offset 0
    ) as pending
    where slice.tenant_id = $1 and slice.expires_at >= now()
    group by pending.currency
),

part as (
    select
        day.currency, day.state, day.category, day.transaction_count,
        case when day.kind = 'spend' then day.amount else 0 end as spend,
        case when day.kind = 'income' then day.amount else 0 end as income
    from report_days as day
    where day.tenant_id = $1 and day.account_id = $2 and day.day between $3 and $4
    union all
    select
        entry.currency, entry.state, entry.category, entry.transaction_count,
        case when entry.kind = 'spend' then entry.amount else 0 end,
        case when entry.kind = 'income' then entry.amount else 0 end
    from report_packs as pack
    cross join lateral unnest(
        pack.days, pack.currencies, pack.states, pack.kinds, pack.categories, pack.counts,
        pack.amounts
    ) as entry (day, currency, state, kind, category, transaction_count, amount)
    where pack.tenant_id = $1 and pack.account_id = $2 and entry.day between $3 and $4
    union all
    select
        held.currency, move.state, '', move.sign * held.transaction_count,
        move.sign * held.spend, move.sign * held.income
    from held
    cross join (values ('open', -1), ('processing', 1)) as move (state, sign)
),

sums as (
    select
        currency, case state when 'open' then 'pending' else state end as status, category,
        sum(transaction_count)::bigint as transaction_count, sum(spend) as spend,
        sum(income) as income
    from part
    group by 1, 2, 3
    having sum(transaction_count) <> 0
)

select
    sums.currency as "currency?", sums.status as "status?", sums.category as "category?",
    sums.transaction_count as "transaction_count?", sums.spend as "spend?",
    sums.income as "income?"
from accounts as account
left join sums on true
where account.tenant_id = $1 and account.account_id = $2
order by sums.currency, sums.status, sums.category
