-- Folds packs into their days: those of a batch's accounts, or the next ones of all tenants. An account that another
-- database transaction folds is skipped, since folding waits for the account's days. Writes days by key, to avoid deadlocks. The
-- packs are selected by `ctid`: for a list of keys the planner reads the whole table at a certain size.
with next as materialized (
    select distinct tenant_id, account_id
    from (
        select tenant_id, account_id from report_packs
        where $1::uuid is null or (tenant_id = $1 and batch_id = $2)
        order by tenant_id, account_id, pack_id
        limit $3
    ) as packs
),

free as materialized (
    select tenant_id, account_id from next
    where pg_try_advisory_xact_lock(hashtextextended('fold ' || tenant_id || ' ' || account_id, 0))
),

folded as (
    delete from report_packs
    where ctid = any(array(
        select pack.ctid from free
        cross join lateral (
            select ctid from report_packs
            where tenant_id = free.tenant_id and account_id = free.account_id
            order by pack_id
            limit $3
        ) as pack
        limit $3
    ))
    returning
        tenant_id, account_id, days, currencies, states, kinds, categories, counts, amounts
),

sums as (
    select
        folded.tenant_id, folded.account_id, part.day, part.currency, part.state, part.kind,
        part.category, sum(part.transaction_count) as transaction_count,
        sum(part.amount) as amount
    from folded
    cross join lateral unnest(
        folded.days, folded.currencies, folded.states, folded.kinds, folded.categories,
        folded.counts, folded.amounts
    ) as part (day, currency, state, kind, category, transaction_count, amount)
    group by 1, 2, 3, 4, 5, 6, 7
    having sum(part.transaction_count) <> 0 or sum(part.amount) <> 0
),

written as (
    insert into report_days as known (
        tenant_id, account_id, day, currency, state, kind, category, transaction_count, amount
    )
    select tenant_id, account_id, day, currency, state, kind, category, transaction_count, amount
    from sums
    order by tenant_id, account_id, day, currency, state, kind, category
    on conflict (tenant_id, account_id, day, currency, state, kind, category) do update
    set
        transaction_count = known.transaction_count + excluded.transaction_count,
        amount = known.amount + excluded.amount
)

select count(*) as "count!" from folded
