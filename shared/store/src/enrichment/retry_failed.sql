-- Sets the failed transactions of a batch to pending and assigns them to this batch, at their position in its request
-- body. They may have failed as part of another batch that contained them too. Inserts slices for the positions that no
-- slice covers: one for those of the same 500 that have no slice in between.
with failed as (
    select member.transaction_id, place.position
    from batches as batch
    cross join lateral unnest(batch.transaction_ids) with ordinality
        as place (transaction_id, position)
    inner join transactions as member
        on member.tenant_id = $1 and place.transaction_id = member.transaction_id
    where batch.tenant_id = $1 and batch.batch_id = $2 and member.status = 'failed'
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
    returning retried.batch_position
),

uncovered as (
    select
        retried.batch_position, retried.batch_position / $3 as part,
        before.first_position as slice_before
    from retried
    left join lateral (
        select slice.first_position, slice.last_position from slices as slice
        where
            slice.tenant_id = $1
            and slice.batch_id = $2
            and slice.first_position <= retried.batch_position
        order by slice.first_position desc
        limit 1
    ) as before on true
    where before.last_position is null or before.last_position < retried.batch_position
),

sliced as (
    insert into slices (tenant_id, batch_id, first_position, last_position)
    select $1, $2, min(batch_position), max(batch_position) from uncovered
    group by part, slice_before
)

select count(*) as "count!" from retried
