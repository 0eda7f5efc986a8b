-- Takes the transactions of an account that is being erased out of the lists of the next batches, and returns the batches
-- of which nothing is left then. Batches without a list count by the transactions that belong to them. If another database
-- transaction has locked one of the batches, the same ones are next again. Ends with the last batch: no later one can
-- contain transactions of the account.
with account as (
    select coalesce(erased_to, '00000000-0000-0000-0000-000000000000') as erased_to
    from accounts
    where tenant_id = $1 and account_id = $2 and erasing_at is not null
),

next as materialized (
    select batch_id
    from (
        select
            chunk.batch_id,
            sum(chunk.total_transactions) over (order by chunk.batch_id rows unbounded preceding)
            - chunk.total_transactions as transactions_before
        from account
        cross join lateral (
            select batch_id, total_transactions from batches
            where tenant_id = $1 and batch_id > account.erased_to
            order by batch_id
            limit $3
        ) as chunk
    ) as counted
    where transactions_before < $4::bigint
),

locked as materialized (
    select batch.batch_id, batch.transaction_ids, batch.ctid
    from next
    inner join batches as batch on batch.tenant_id = $1 and next.batch_id = batch.batch_id
    order by batch.batch_id
    for update of batch skip locked
),

listed as (
    select
        locked.batch_id, locked.ctid, members.erased, members.remaining,
        members.remaining_count
    from locked
    cross join lateral (
        select
            count(*) filter (where owner.is_erased)::integer as erased,
            count(*) filter (where not owner.is_erased and place.transaction_id is not null)
                as remaining_count,
            array_agg(
                case when not owner.is_erased then place.transaction_id end order by place.position
            ) as remaining
        from unnest(locked.transaction_ids) with ordinality as place (transaction_id, position)
        left join lateral (
            select row.account_id from transactions as row
            where row.tenant_id = $1 and row.transaction_id = place.transaction_id
            offset 0
        ) as stored on true
        left join lateral (
            select row.account_id from deleted_transactions as row
            where
                stored.account_id is null
                and row.tenant_id = $1
                and row.transaction_id = place.transaction_id
                and row.account_id = $2
            limit 1
        ) as deleted on true
        cross join lateral (
            select coalesce(stored.account_id, deleted.account_id) is not distinct from $2
                as is_erased
        ) as owner
    ) as members
    where locked.transaction_ids is not null
),

unlisted as (
    select locked.batch_id
    from locked
    cross join lateral (
        select count(*) filter (where row.account_id = $2) as erased, count(*) as total
        from transactions as row
        where
            locked.transaction_ids is null
            and row.tenant_id = $1
            and row.batch_id = locked.batch_id
        offset 0
    ) as owned
    where owned.erased > 0 and owned.erased = owned.total
),

reduced as (
    update batches as batch
    set transaction_ids = listed.remaining, erased = batch.erased + listed.erased
    from listed
    where batch.ctid = listed.ctid and listed.erased > 0 and listed.remaining_count > 0
    returning batch.batch_id
),

progressed as (
    update accounts
    set erased_to = last.batch_id
    from (select batch_id from next order by batch_id desc limit 1) as last
    where
        tenant_id = $1
        and account_id = $2
        and (select count(*) from next) = (select count(*) from locked)
)

select
    (select count(*) from next) as "next!",
    (select count(*) from locked) as "locked!",
    (select count(*) from reduced) as "reduced!",
    array(
        select batch_id from listed where erased > 0 and remaining_count = 0
        union all
        select batch_id from unlisted
    ) as "emptied!"
