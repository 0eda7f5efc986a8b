-- Examines finished batches that have a list of transactions: the oldest ones that are due, with about the given number of
-- transactions in all. Takes deleted transactions out of the list, and removes the list if all others are completed. A
-- transaction that is missing for no known reason stays in it: `check` reports it.
with oldest as (
    select
        tenant_id, batch_id, total_transactions,
        coalesce(examined_at, finished_at) as due_at
    from batches
    where
        finished_at is not null
        and transaction_ids is not null
        and coalesce(examined_at, finished_at) < now() - make_interval(days => $1)
    order by coalesce(examined_at, finished_at), batch_id
    limit $2
),

next as materialized (
    select tenant_id, batch_id
    from (
        select
            tenant_id, batch_id,
            sum(total_transactions) over (
                order by due_at, batch_id rows unbounded preceding
            ) - total_transactions as transactions_before
        from oldest
    ) as counted
    where transactions_before < $3::bigint
),

due as materialized (
    select batch.ctid, batch.tenant_id, batch.transaction_ids, batch.total_transactions, batch.erased
    from next
    inner join batches as batch
        on next.tenant_id = batch.tenant_id and next.batch_id = batch.batch_id
    where
        batch.finished_at is not null
        and batch.transaction_ids is not null
        and coalesce(batch.examined_at, batch.finished_at) < now() - make_interval(days => $1)
    order by batch.batch_id
    for no key update of batch skip locked
),

examined as (
    select
        due.ctid, members.remaining, members.deleted,
        members.completed + members.deleted = due.total_transactions - due.erased as is_completed
    from due
    cross join lateral (
        select
            count(*) filter (where stored.status = 'completed') as completed,
            count(deleted.transaction_id)::integer as deleted,
            array_agg(
                case when deleted.transaction_id is null then place.transaction_id end
                order by place.position
            ) as remaining
        from unnest(due.transaction_ids) with ordinality as place (transaction_id, position)
        left join lateral (
            select row.status from transactions as row
            where row.tenant_id = due.tenant_id and row.transaction_id = place.transaction_id
            offset 0
        ) as stored on true
        left join lateral (
            select row.transaction_id from deleted_transactions as row
            where
                stored.status is null
                and row.tenant_id = due.tenant_id
                and row.transaction_id = place.transaction_id
            limit 1
        ) as deleted on true
    ) as members
),

updated as (
    update batches as batch
    set
        transaction_ids = case when not examined.is_completed then examined.remaining end,
        erased = batch.erased + examined.deleted,
        -- Without a list, the batch is due to be examined again, by delete_batches.sql.
        examined_at = case when examined.is_completed then batch.examined_at else now() end
    from examined
    where batch.ctid = examined.ctid
    returning batch.transaction_ids
)

select count(*) as "examined!", count(*) filter (where transaction_ids is null) as "done!"
from updated
