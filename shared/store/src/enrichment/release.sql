-- Releases claimed rows before their lease expires. The attempt still counts.
with held as (
    select transaction_id from transactions
    where tenant_id = $1 and batch_id = $2 and lease_token = $3
    order by transaction_id
    for no key update
),

released as (
    update transactions as released
    set status = 'pending', lease_token = null, lease_expires_at = null
    from held
    where released.tenant_id = $1 and released.transaction_id = held.transaction_id
    returning
        released.account_id, released.booked_at, released.currency, released.amount,
        released.replaced_by
),

deltas as (
    insert into report_deltas (
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
    )
    select
        $1, released.account_id, (released.booked_at at time zone 'UTC')::date, released.currency,
        '', move.status, sum(move.sign), sum(move.sign * greatest(-released.amount, 0)),
        sum(move.sign * greatest(released.amount, 0))
    from released
    cross join (values ('processing', -1), ('pending', 1)) as move (status, sign)
    where released.replaced_by is null
    group by 2, 3, 4, 6
)

select count(*) as "count!" from released
