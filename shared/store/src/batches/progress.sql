-- The counts of all transactions of a batch by status. A pending transaction is processing while a worker holds the
-- lease of its slice. A batch without an array had completed all transactions that were not erased.
select
    batch.correlation_id, batch.inserted, batch.updated, batch.unchanged, batch.removed,
    batch.removed_unknown, batch.accepted_at, batch.started_at, batch.finished_at,
    counts.pending - counts.processing as "pending!", counts.processing as "processing!",
    case
        when batch.transaction_ids is null then batch.total_transactions - batch.erased
        else counts.completed
    end as "completed!",
    counts.failed as "failed!",
    case
        when batch.transaction_ids is null then batch.erased
        else batch.total_transactions - counts.pending - counts.completed - counts.failed
    end as "erased!"
from batches as batch
cross join lateral (
    select
        count(*) filter (where member.status = 'pending') as pending,
        count(*) filter (
            where member.status = 'pending' and exists (
                select from slices as claimed
                where
                    claimed.tenant_id = member.tenant_id
                    and claimed.batch_id = member.batch_id
                    and claimed.expires_at >= now()
                    and member.batch_position
                    between claimed.first_position and claimed.last_position
            )
        ) as processing,
        count(*) filter (where member.status = 'completed') as completed,
        count(*) filter (where member.status = 'failed') as failed
    from transactions as member
    where
        member.tenant_id = batch.tenant_id
        and member.transaction_id = any(batch.transaction_ids)
) as counts
where batch.tenant_id = $1 and batch.batch_id = $2
