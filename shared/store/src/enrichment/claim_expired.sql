-- Claims a slice whose lease has expired, that with the fewest attempts first, and returns its pending rows as claim.sql
-- does. Its worker died, perhaps because of one of the rows, so the slice is divided: this claims the first part, and the
-- others stay expired. After one attempt a part has at most $5 rows, after more attempts one. A row has at least one
-- attempt left when it is alone, whatever other rows of its slice have used up.
with expired as (
    select
        first_position, last_position, token,
        case when attempts > 1 then 1 else $5 end as part,
        case when first_position = last_position then attempts else least(attempts, $6 - 1) end
            as attempts
    from slices
    where tenant_id = $1 and batch_id = $2 and expires_at < now()
    order by attempts, first_position
    limit 1
    for no key update skip locked
),

divided as (
    insert into slices (
        tenant_id, batch_id, first_position, last_position, token, expires_at, attempts
    )
    select
        $1, $2, first_position, least(first_position + part - 1, last_position), token, now(),
        attempts
    from (
        select
            generate_series(expired.first_position + part, last_position, part) as first_position,
            last_position, token, attempts, part
        from expired
    ) as rest
),

claimed as (
    update slices as claimed
    set
        last_position = least(expired.first_position + part - 1, expired.last_position),
        token = $3,
        expires_at = now() + $4::bigint * interval '1 millisecond',
        attempts = expired.attempts + 1
    from expired
    where
        claimed.tenant_id = $1
        and claimed.batch_id = $2
        and claimed.first_position = expired.first_position
    returning claimed.first_position, claimed.last_position, claimed.attempts
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
