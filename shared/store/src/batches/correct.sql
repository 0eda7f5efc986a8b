-- Corrects the counts of a batch that contains known transactions or removals, and deletes its slices without work. A batch that
-- changed nothing is finished at once.
with idle as (
    delete from slices as slice
    where
        slice.tenant_id = $1
        and slice.batch_id = $2
        and not exists (
            select from transactions as changed
            where
                changed.tenant_id = $1
                and changed.batch_id = $2
                and changed.batch_position between slice.first_position and slice.last_position
            -- Keeps the planner from joining all rows of the batch.
            offset 0
        )
)

update batches
set
    inserted = $3,
    updated = $4,
    unchanged = $5,
    removed = $7,
    removed_unknown = $8,
    message_count = $6,
    announce_at = case when $3::integer + $4::integer > 0 then announce_at end,
    started_at = case when $3::integer + $4::integer = 0 then now() end,
    finished_at = case when $3::integer + $4::integer = 0 then now() end
where tenant_id = $1 and batch_id = $2
returning announce_at
