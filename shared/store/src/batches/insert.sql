-- Inserts the row of a batch, which locks its idempotency key until the end of the database transaction. Waits for another
-- database transaction that holds the key, for at most the given time. Returns no row if a committed batch has the key.
--
-- The limit on waiting is for this statement: the row that it returns sets the earlier one again.
with timeouts as materialized (
    select
        current_setting('lock_timeout') as usual,
        set_config('lock_timeout', ($9::bigint)::text, true) as key_wait
)

insert into batches (
    tenant_id, batch_id, idempotency_key, content_hash, correlation_id, trace_header,
    total_transactions, announce_at
)
select $1, $2, $3, $4, $5, $6, $7, now() + $8::bigint * interval '1 millisecond'
from timeouts
where key_wait is not null
on conflict (tenant_id, idempotency_key) do nothing
returning set_config('lock_timeout', (select usual from timeouts), true) as "lock_timeout!"
