-- Deletes the slices that are held under the token and have no pending row left, and releases the others. Follows
-- finish.sql in the same database transaction, as a statement of its own: it must see what that has written, and what a
-- retry has committed while that waited. Returns whether the batch has slices left.
with held as (
    select
        slice.first_position,
        exists (
            select from transactions as row
            where
                row.tenant_id = $1
                and row.batch_id = $2
                and row.batch_position between slice.first_position and slice.last_position
                and row.status = 'pending'
        ) as has_work
    from slices as slice
    where slice.tenant_id = $1 and slice.batch_id = $2 and slice.token = $3
),

released as (
    update slices as slice set token = null, expires_at = null
    from held
    where
        slice.tenant_id = $1
        and slice.batch_id = $2
        and slice.first_position = held.first_position
        and held.has_work
),

deleted as (
    delete from slices as slice using held
    where
        slice.tenant_id = $1
        and slice.batch_id = $2
        and slice.first_position = held.first_position
        and not held.has_work
)

select exists (
    select from slices as slice
    left join held on slice.first_position = held.first_position
    where
        slice.tenant_id = $1
        and slice.batch_id = $2
        and (held.has_work is null or held.has_work)
) as "has_slices!"
