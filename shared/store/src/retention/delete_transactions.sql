-- Deletes finished transactions that were booked before a time, with their revisions: those of the next accounts. A posted
-- transaction is deleted together with the pending one that it replaces, or later. Locks the accounts, so that pairs
-- cannot change meanwhile. Skips accounts and rows that another database transaction has locked.
with turn as materialized (
    select next_tenant_id, next_account_id, (now() at time zone 'UTC')::date - $1::integer as before
    from retention_progress
    where
        subject = 'transactions'
        and (
            next_tenant_id is not null
            or passed_at is null
            or passed_at < now() - $4::bigint * interval '1 millisecond'
        )
    for update skip locked
),

next as materialized (
    select account.tenant_id, account.account_id
    from turn
    cross join lateral (
        select tenant_id, account_id from accounts
        where (tenant_id, account_id) >= (
            coalesce(turn.next_tenant_id, '00000000-0000-0000-0000-000000000000'),
            coalesce(turn.next_account_id, '')
        )
        order by tenant_id, account_id
        limit $3::bigint + 1
    ) as account
),

free as materialized (
    select account.tenant_id, account.account_id from accounts as account
    inner join (select * from next order by tenant_id, account_id limit $3) as next
        on account.tenant_id = next.tenant_id and account.account_id = next.account_id
    order by account.tenant_id, account.account_id
    for no key update of account skip locked
),

old as materialized (
    select picked.tenant_id, picked.account_id, picked.transaction_id, picked.ctid
    from free
    cross join turn
    cross join lateral (
        select row.tenant_id, row.account_id, row.transaction_id, row.ctid
        from transactions as row
        where
            row.tenant_id = free.tenant_id
            and row.account_id = free.account_id
            and row.booked_on < turn.before
            and row.status <> 'pending'
            and not exists (
                select from transactions as replaced
                where
                    replaced.tenant_id = row.tenant_id
                    and replaced.transaction_id = row.pending_transaction_id
                    and replaced.replaced_by = row.transaction_id
                    and (replaced.booked_on >= turn.before or replaced.status = 'pending')
            )
        order by row.booked_on, row.transaction_id
        limit $2
    ) as picked
    order by picked.tenant_id, picked.account_id
    limit $2
),

with_pairs as materialized (
    select tenant_id, transaction_id, ctid from old
    union
    select replaced.tenant_id, replaced.transaction_id, replaced.ctid
    from old
    inner join transactions as posted on old.ctid = posted.ctid
    inner join transactions as replaced
        on
            posted.tenant_id = replaced.tenant_id
            and posted.pending_transaction_id = replaced.transaction_id
            and posted.transaction_id = replaced.replaced_by
),

locked as materialized (
    select row.tenant_id, row.transaction_id, row.account_id, row.replaced_by, row.ctid
    from with_pairs
    inner join transactions as row on with_pairs.ctid = row.ctid
    where row.status <> 'pending'
    order by row.tenant_id, row.transaction_id
    for update of row skip locked
),

deleted as (
    delete from transactions
    where ctid = any(array(
        select locked.ctid from locked
        where not exists (
            select from transactions as replaced
            where
                replaced.tenant_id = locked.tenant_id
                and replaced.replaced_by = locked.transaction_id
                and replaced.transaction_id = (
                    select posted.pending_transaction_id from transactions as posted
                    where posted.ctid = locked.ctid
                )
                and replaced.ctid not in (select ctid from locked)
        )
    ))
    returning tenant_id, transaction_id, account_id
),

recorded as (
    insert into deleted_transactions (tenant_id, transaction_id, account_id)
    select tenant_id, transaction_id, account_id from deleted
    on conflict (tenant_id, transaction_id, account_id) do update set deleted_at = now()
),

revisions as (
    delete from transaction_revisions
    where ctid = any(array(
        select earlier.ctid from deleted
        cross join lateral (
            select row.ctid from transaction_revisions as row
            where
                row.tenant_id = deleted.tenant_id
                and row.transaction_id = deleted.transaction_id
            offset 0
        ) as earlier
    ))
),

-- The next turn continues with the last account of this one if that may have more, else with the one after it.
position as (
    select
        case when (select count(*) from old) = $2 then last_old.tenant_id else after.tenant_id end
            as tenant_id,
        case when (select count(*) from old) = $2 then last_old.account_id else after.account_id end
            as account_id
    from turn
    left join lateral (
        select tenant_id, account_id from old order by tenant_id desc, account_id desc limit 1
    ) as last_old on true
    left join lateral (
        select tenant_id, account_id from next order by tenant_id, account_id offset $3 limit 1
    ) as after on true
),

progressed as (
    update retention_progress
    set
        next_tenant_id = position.tenant_id,
        next_account_id = position.account_id,
        passed_at = case when position.tenant_id is null then now() else passed_at end
    from position
    where subject = 'transactions'
)

select
    (select count(*) from deleted) as "done!",
    -- Not if all that are left are locked by others.
    coalesce(
        (
            select tenant_id is not null from position
            where (select count(*) from old) < $2 or exists (select from deleted)
        ),
        false
    ) as "is_more!"
