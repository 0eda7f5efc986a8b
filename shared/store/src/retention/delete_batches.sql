-- Examines finished batches without a list of transactions, and deletes those to which no transaction belongs any more.
with due as materialized (
    select ctid, tenant_id, batch_id from batches
    where
        finished_at is not null
        and transaction_ids is null
        and coalesce(examined_at, finished_at) < now() - make_interval(days => $1)
    order by coalesce(examined_at, finished_at), batch_id
    limit $2
    for update skip locked
),

examined as materialized (
    select due.ctid, owned.batch_position is not null as is_needed
    from due
    left join lateral (
        select row.batch_position from transactions as row
        where row.tenant_id = due.tenant_id and row.batch_id = due.batch_id
        -- Makes the planner use the index, where it expects many rows of each batch.
        order by row.batch_position
        limit 1
    ) as owned on true
),

kept as (
    update batches set examined_at = now()
    where ctid = any(array(select ctid from examined where is_needed))
),

deleted as (
    delete from batches
    where ctid = any(array(select ctid from examined where not is_needed))
)

select count(*) as "examined!", count(*) filter (where not is_needed) as "done!" from examined
