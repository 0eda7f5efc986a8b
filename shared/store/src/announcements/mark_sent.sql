-- Moves on batches whose messages were sent, by the age of each within limits. Leaves those that a worker or a retry has
-- moved in the meantime.
update batches as batch
set
    announce_at = now() + least(
        greatest(now() - batch.accepted_at, $4::bigint * interval '1 millisecond'),
        $5::bigint * interval '1 millisecond'
    )
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as sent (tenant_id, batch_id, announce_at)
where
    batch.tenant_id = sent.tenant_id
    and batch.batch_id = sent.batch_id
    and batch.announce_at = sent.announce_at
