-- Sets `replaced_by` of the given pending rows to the posted transaction that names them, the first by id. Removes
-- newly replaced rows from the sums, and adds rows that are no longer replaced.
with affected as (
    select
        pending.transaction_id, pending.account_id, pending.booked_at, pending.currency,
        pending.amount, pending.status, coalesce(pending.category, '') as category,
        pending.replaced_by,
        (
            select min(posted.transaction_id) from transactions as posted
            where
                posted.tenant_id = $1
                and posted.pending_transaction_id = pending.transaction_id
                and pending.is_pending
        ) as successor
    from transactions as pending
    where pending.tenant_id = $1 and pending.transaction_id = any($2)
    order by pending.transaction_id
    for no key update of pending
),

updated as (
    update transactions as pending
    set replaced_by = affected.successor
    from affected
    where
        pending.tenant_id = $1
        and pending.transaction_id = affected.transaction_id
        and affected.replaced_by is distinct from affected.successor
),

moves as (
    select
        account_id, booked_at, currency, category, status, amount,
        case when successor is null then 1 else -1 end as sign
    from affected
    where (replaced_by is null) <> (successor is null)
),

deltas as (
    insert into report_deltas (
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
    )
    select
        $1, account_id, (booked_at at time zone 'UTC')::date, currency, category, status,
        sum(sign), sum(sign * greatest(-amount, 0)), sum(sign * greatest(amount, 0))
    from moves
    group by 2, 3, 4, 5, 6
)

select count(*) as "count!" from moves
