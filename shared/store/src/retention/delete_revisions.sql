-- Deletes revisions that were replaced before a time, the oldest first, with all earlier ones of the same transactions:
-- `check` requires that the later ones are complete. Records that time. Does nothing while another database transaction
-- does the same.
with turn as materialized (
    select now() - make_interval(days => $1) as before from retention_progress
    where subject = 'revisions'
    for update skip locked
),

old as materialized (
    select tenant_id, transaction_id, max(revision) as revision
    from (
        select tenant_id, transaction_id, revision from transaction_revisions
        where replaced_at < (select before from turn)
        order by replaced_at
        limit $2
    ) as oldest
    group by tenant_id, transaction_id
),

recorded as (
    update retention_progress
    set deleted_before = greatest(deleted_before, turn.before)
    from turn
    where subject = 'revisions' and exists (select from old)
),

deleted as (
    delete from transaction_revisions
    where ctid = any(array(
        select earlier.ctid from old
        cross join lateral (
            select row.ctid from transaction_revisions as row
            where
                row.tenant_id = old.tenant_id
                and row.transaction_id = old.transaction_id
                and row.revision <= old.revision
            -- Keeps the planner from reading all revisions.
            offset 0
        ) as earlier
    ))
    returning 1
)

select count(*) as "count!" from deleted
