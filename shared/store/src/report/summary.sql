-- Adds folded days, packs that are not folded yet, and the slices that workers hold, in one snapshot. The pending
-- transactions of those slices are processing. Returns one row for each currency, the most used first, with the
-- categories with the highest spend as arrays: at most $5 of them. Returns no row if the account is unknown.
--
-- Sums are returned as text, since they may have more digits than a decimal of the caller.
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
            and row.removed_at is null
            and row.booked_on between $3 and $4
        -- Keeps the planner from reading all rows of the account first.
        offset 0
    ) as pending
    where slice.tenant_id = $1 and slice.expires_at >= now()
    group by pending.currency
),

part as (
    select
        currency, state, category, transaction_count,
        case when kind = 'spend' then amount else 0 end as spend,
        case when kind = 'income' then amount else 0 end as income
    from report_entries($1, array[$2::text])
    where day between $3 and $4
    union all
    select
        held.currency, move.state, '', move.sign * held.transaction_count,
        move.sign * held.spend, move.sign * held.income
    from held
    cross join (values ('open', -1), ('processing', 1)) as move (state, sign)
),

cell as (
    select
        currency, case state when 'open' then 'pending' else state end as status, category,
        sum(transaction_count)::bigint as transaction_count, sum(spend) as spend,
        sum(income) as income
    from part
    group by 1, 2, 3
    having sum(transaction_count) <> 0
),

total as (
    select
        currency, sum(transaction_count) as transaction_count, sum(spend) as spend,
        sum(income) as income,
        coalesce(sum(transaction_count) filter (where status = 'pending'), 0) as pending,
        coalesce(sum(transaction_count) filter (where status = 'processing'), 0) as processing,
        coalesce(sum(transaction_count) filter (where status = 'completed'), 0) as completed,
        coalesce(sum(transaction_count) filter (where status = 'failed'), 0) as failed
    from cell
    group by currency
),

ranked as (
    select
        currency, category, sum(transaction_count) as transaction_count, sum(spend) as spend,
        row_number() over (
            partition by currency order by sum(spend) desc, category collate "C"
        ) as place
    from cell
    where category <> ''
    group by currency, category
    having sum(spend) > 0
),

top as (
    select
        currency, array_agg(category order by place) as categories,
        array_agg(trim_scale(spend)::text order by place) as spends,
        array_agg(transaction_count::bigint order by place) as counts
    from ranked
    where place <= $5
    group by currency
)

select
    total.currency as "currency?", total.pending::bigint as "pending?",
    total.processing::bigint as "processing?", total.completed::bigint as "completed?",
    total.failed::bigint as "failed?", trim_scale(total.spend)::text as "spend?",
    trim_scale(total.income)::text as "income?",
    trim_scale(total.income - total.spend)::text as "net?",
    top.categories as "top_categories?", top.spends as "top_spends?", top.counts as "top_counts?"
from accounts as account
left join total on true
left join top on total.currency = top.currency
where account.tenant_id = $1 and account.account_id = $2
order by total.transaction_count desc, total.currency collate "C"
