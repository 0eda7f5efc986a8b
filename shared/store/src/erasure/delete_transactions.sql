-- Deletes transactions of an account, with their revisions. Skips those that another database transaction has locked.
with deleted as (
    delete from transactions
    where ctid = any(array(
        select ctid from transactions
        where tenant_id = $1 and account_id = $2
        order by booked_on desc, transaction_id desc
        limit $3
        for update skip locked
    ))
    returning tenant_id, transaction_id
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
)

select count(*) as "count!" from deleted
