-- Claims the next free slice of a batch under a lease and returns its pending rows, in the order in which finish.sql
-- locks them. Returns one row of nulls for a slice without pending rows, and none if there is no free slice. Leases use
-- the clock of the database, which all workers share.
with free as (
    select first_position from slices
    where tenant_id = $1 and batch_id = $2 and token is null
    order by attempts, first_position
    limit 1
    for no key update skip locked
),

claimed as (
    update slices as claimed
    set
        token = $3,
        expires_at = now() + $4::bigint * interval '1 millisecond',
        attempts = claimed.attempts + 1
    from free
    where
        claimed.tenant_id = $1
        and claimed.batch_id = $2
        and claimed.first_position = free.first_position
    returning claimed.first_position, claimed.last_position, claimed.attempts
),

-- If another worker has locked the batch to write the same, this does not wait for it.
due as (
    select tenant_id, batch_id from batches
    where
        tenant_id = $1
        and batch_id = $2
        and (started_at is null or announce_at < now() + $5::bigint * interval '0.5 milliseconds')
    for no key update skip locked
),

started as (
    update batches as started
    set
        started_at = coalesce(started.started_at, now()),
        announce_at = greatest(
            started.announce_at, now() + $5::bigint * interval '1 millisecond'
        )
    from due
    where
        started.tenant_id = due.tenant_id
        and started.batch_id = due.batch_id
        and started.finished_at is null
        and exists (select from claimed)
)

select
    claimed.attempts, pending.batch_position as "position?", pending.revision as "revision?",
    pending.transaction_id as "transaction_id?", pending.description as "description?",
    pending.merchant_name, pending.merchant_category_code, pending.bank_category, pending.amount > 0 as is_income
from claimed
left join lateral (
    select
        row.batch_position, row.revision, row.transaction_id, row.description,
        row.merchant_name, row.merchant_category_code, row.bank_category, row.amount
    from transactions as row
    where
        row.tenant_id = $1
        and row.batch_id = $2
        and row.batch_position between claimed.first_position and claimed.last_position
        and row.status = 'pending'
    -- Keeps the planner from reading all rows of the batch first, and joining them then.
    offset 0
) as pending on true
order by pending.transaction_id
