-- Folds the next deltas into their days. Skips deltas that another relay has locked. Writes days by key, to avoid
-- deadlocks.
with folded as (
    delete from report_deltas
    where (tenant_id, account_id, day, delta_id) in (
        select tenant_id, account_id, day, delta_id from report_deltas
        order by tenant_id, account_id, day, delta_id
        limit $1
        for update skip locked
    )
    returning
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
),

sums as (
    select
        tenant_id, account_id, day, currency, status, category,
        sum(transaction_count) as transaction_count, sum(spend) as spend, sum(income) as income
    from folded
    group by tenant_id, account_id, day, currency, status, category
),

written as (
    insert into report_days as known (
        tenant_id, account_id, day, currency, status, category, transaction_count, spend, income
    )
    select
        tenant_id, account_id, day, currency, status, category, transaction_count, spend, income
    from sums
    order by tenant_id, account_id, day, currency, status, category
    on conflict (tenant_id, account_id, day, currency, status, category) do update
    set
        transaction_count = known.transaction_count + excluded.transaction_count,
        spend = known.spend + excluded.spend,
        income = known.income + excluded.income
)

select count(*) as "count!" from folded
