-- The sums of an account over the days $3 to $4 in the currency $6, else in the most used one: of all these days, and of
-- the intervals that begin at the days $5; of all categories together, and of each. An interval is numbered from 1; the
-- row of its total is before those of its categories, and the sums of all days are before those of the intervals.
-- Transactions that workers hold are in no other sum than pending ones, so that slices are not read. $7 is the category
-- of transfers. Returns no row if the account is unknown.
--
-- Sums are returned as text, since they may have more digits than a decimal of the caller.
with cell as materialized (
    select
        width_bucket(day, $5::date[]) as place, currency, category,
        sum(transaction_count) as transaction_count,
        coalesce(sum(amount) filter (where kind = 'spend'), 0) as spend,
        coalesce(sum(amount) filter (where kind = 'income'), 0) as income
    from report_entries($1, array[$2::text])
    where day between $3 and $4
    group by 1, 2, 3
    having sum(transaction_count) <> 0
),

used as (
    select array_agg(currency order by transaction_count desc, currency collate "C") as currencies
    from (
        select currency, sum(transaction_count) as transaction_count from cell group by currency
    ) as counted
),

chosen as (
    select coalesce($6::text, currencies[1]) as currency from used
)

select
    place as "place?", category as "category?",
    coalesce(sum(transaction_count), 0)::bigint as "transaction_count!",
    trim_scale(coalesce(sum(spend), 0))::text as "spend!",
    trim_scale(coalesce(sum(income), 0))::text as "income!",
    trim_scale(coalesce(sum(income) - sum(spend), 0))::text as "net!",
    trim_scale(coalesce(sum(spend + income) filter (where category = $7::text), 0))::text
        as "transfers!",
    case when grouping(place, category) = 3 then (select currency from chosen) end as "currency?",
    case when grouping(place, category) = 3 then (select currencies from used) end
        as "currencies?: Vec<String>"
from cell
where currency = (select currency from chosen)
group by grouping sets ((), (category), (place), (place, category))
-- A category is empty while a transaction has none.
having
    (grouping(category) = 1 or category <> '')
    and exists (select from accounts where tenant_id = $1 and account_id = $2)
order by place nulls first, grouping(category) desc, sum(spend) desc, category collate "C"
