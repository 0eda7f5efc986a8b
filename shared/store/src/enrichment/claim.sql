-- Claims the next unclaimed rows of a batch under a lease, in the order of the request body. Skips rows that another
-- worker has locked. Leases use the clock of the database, which all workers share.
with claimable as (
    select transaction_id, status from transactions
    where
        tenant_id = $1
        and batch_id = $2
        and (status = 'pending' or (status = 'processing' and lease_expires_at < now()))
    order by batch_position
    limit $5
    for no key update skip locked
),

claimed as (
    update transactions as claimed
    set
        status = 'processing',
        lease_token = $3,
        lease_expires_at = now() + $4::bigint * interval '1 millisecond',
        attempts = claimed.attempts + 1
    from claimable
    where claimed.tenant_id = $1 and claimed.transaction_id = claimable.transaction_id
    returning
        claimed.transaction_id, claimed.batch_position, claimed.account_id, claimed.booked_at,
        claimed.currency, claimed.amount, claimed.description, claimed.merchant_name,
        claimed.merchant_category_code, claimed.attempts, claimed.replaced_by,
        claimable.status as status_before
),

-- If two workers claim first at the same time, only one of them sets `started_at`.
unstarted as (
    select tenant_id, batch_id from batches
    where tenant_id = $1 and batch_id = $2 and started_at is null
    for no key update skip locked
),

started as (
    update batches as started set started_at = now()
    from unstarted
    where
        started.tenant_id = unstarted.tenant_id
        and started.batch_id = unstarted.batch_id
        and exists (select from claimed)
),

deltas as (
    insert into report_deltas (
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
    )
    select
        $1, claimed.account_id, (claimed.booked_at at time zone 'UTC')::date, claimed.currency,
        '', move.status, sum(move.sign), sum(move.sign * greatest(-claimed.amount, 0)),
        sum(move.sign * greatest(claimed.amount, 0))
    from claimed
    cross join (values ('pending', -1), ('processing', 1)) as move (status, sign)
    where claimed.status_before = 'pending' and claimed.replaced_by is null
    group by 2, 3, 4, 6
)

select
    transaction_id, description, merchant_name, merchant_category_code, attempts,
    amount > 0 as "is_income!"
from claimed
order by batch_position
