-- The merchants of an account over the days $3 to $4 with the most spend, at most $7 of them, in the currency $5, else in
-- the one that the report shows without one. Reads the $6 newest transactions of these days, and one more to detect
-- whether there are others. Returns one row of nulls without a merchant, and none if the account is unknown.
--
-- Sums are returned as text, since they may have more digits than a decimal of the caller.
with chosen as (
    select coalesce(
        $5::text,
        (
            select currency from report_entries($1, array[$2::text])
            where day between $3 and $4
            group by currency
            having sum(transaction_count) <> 0
            order by sum(transaction_count) desc, currency collate "C"
            limit 1
        )
    ) as currency
),

scanned as materialized (
    select
        newest.*, row_number() over (order by booked_on desc, transaction_id desc) as place
    from (
        select
            booked_on, transaction_id, amount, currency,
            coalesce(merchant_name, description) as merchant,
            replaced_by is null and removed_at is null as is_counted
        from transactions
        where tenant_id = $1 and account_id = $2 and booked_on between $3 and $4
        order by booked_on desc, transaction_id desc
        limit $6::bigint + 1
    ) as newest
),

top as (
    select
        merchant, count(*) as transaction_count, sum(greatest(-amount, 0)) as spend,
        sum(greatest(amount, 0)) as income
    from scanned
    where place <= $6 and is_counted and currency = (select currency from chosen)
    group by merchant
    order by spend desc, merchant collate "C"
    limit $7
)

select
    (select currency from chosen) as "currency?",
    (select least(count(*), $6) from scanned) as "scanned!",
    (select count(*) <= $6 from scanned) as "is_complete!",
    top.merchant as "merchant?", top.transaction_count as "transaction_count?",
    trim_scale(top.spend)::text as "spend?", trim_scale(top.income)::text as "income?"
from accounts as account
left join top on true
where account.tenant_id = $1 and account.account_id = $2
order by top.spend desc, top.merchant collate "C"
