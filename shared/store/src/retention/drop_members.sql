-- Examines finished batches that have a list of transactions: the oldest ones that are due, with about the given number of
-- transactions in all. Removes the list if all transactions are completed. A transaction that is missing is not: `check`
-- then reports it.
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
    select due.ctid, members.completed = due.total_transactions - due.erased as is_completed
    from due
    cross join lateral (
        select count(*) as completed from transactions as member
        where
            member.tenant_id = due.tenant_id
            and member.transaction_id = any(due.transaction_ids)
            and member.status = 'completed'
    ) as members
),

updated as (
    update batches as batch
    set
        transaction_ids = case when not examined.is_completed then batch.transaction_ids end,
        -- Without a list, the batch is due to be examined again, by delete_batches.sql.
        examined_at = case when examined.is_completed then batch.examined_at else now() end
    from examined
    where batch.ctid = examined.ctid
    returning batch.transaction_ids
)

select count(*) as "examined!", count(*) filter (where transaction_ids is null) as "done!"
from updated
