-- Adds the counts to a batch at the end of ingest's database transaction, and divides its work into slices. A batch that
-- changed nothing is finished at once.
with sliced as (
    insert into slices (tenant_id, batch_id, first_position, last_position)
    select $1, $2, first_position, least(first_position + $8::integer, cardinality($3::text[])) - 1
    from generate_series(0, cardinality($3::text[]) - 1, $8::integer) as first_position
    -- Lateral, so that it is one index probe for each slice, however many rows the planner expects.
    cross join lateral (
        select from transactions as changed
        where
            changed.tenant_id = $1
            and changed.batch_id = $2
            and changed.batch_position between first_position and first_position + $8::integer - 1
        limit 1
    ) as work
)

update batches
set
    transaction_ids = $3,
    inserted = $4,
    updated = $5,
    unchanged = $6,
    message_count = $7,
    announce_at = case when $4::integer + $5::integer > 0 then announce_at end,
    started_at = case when $4::integer + $5::integer = 0 then now() end,
    finished_at = case when $4::integer + $5::integer = 0 then now() end
where tenant_id = $1 and batch_id = $2
returning announce_at
