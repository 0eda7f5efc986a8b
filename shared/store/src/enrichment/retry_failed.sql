-- Sets the failed transactions of a batch to pending and assigns them to this batch, at their position in its request
-- body. They may have failed as part of another batch that contained them too.
with batch as (
    select transaction_ids from batches where tenant_id = $1 and batch_id = $2
),

failed as (
    select member.transaction_id, place.position
    from batch
    cross join lateral unnest(batch.transaction_ids) with ordinality
        as place (transaction_id, position)
    inner join transactions as member
        on member.tenant_id = $1 and place.transaction_id = member.transaction_id
    where member.status = 'failed'
    order by member.transaction_id
    for no key update of member
),

retried as (
    update transactions as retried
    set
        status = 'pending',
        attempts = 0,
        failure_reason = null,
        enriched_at = null,
        batch_id = $2,
        batch_position = failed.position - 1
    from failed
    where
        retried.tenant_id = $1
        and retried.transaction_id = failed.transaction_id
        and retried.status = 'failed'
    returning
        retried.account_id, retried.booked_at, retried.currency, retried.amount,
        retried.replaced_by
),

reopened as (
    update batches set finished_at = null, announced_at = now()
    where tenant_id = $1 and batch_id = $2 and exists (select from retried)
),

deltas as (
    insert into report_deltas (
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
    )
    select
        $1, retried.account_id, (retried.booked_at at time zone 'UTC')::date, retried.currency,
        '', move.status, sum(move.sign), sum(move.sign * greatest(-retried.amount, 0)),
        sum(move.sign * greatest(retried.amount, 0))
    from retried
    cross join (values ('failed', -1), ('pending', 1)) as move (status, sign)
    where retried.replaced_by is null
    group by 2, 3, 4, 6
)

select count(*) as "count!" from retried
