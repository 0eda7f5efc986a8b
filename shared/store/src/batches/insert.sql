-- Inserts the row of a batch and its slices, as if all transactions were new: correct.sql follows if some are known. The
-- row locks the idempotency key until the end of the database transaction. Waits for another database transaction that
-- holds the key, for at most the given time. `announce_at` is null if a committed batch has the key, or if the tenant is
-- being erased.
--
-- Within the limits of the tenant: so many database transactions insert a batch at once (each holds one of as many
-- locks), and so many slices of earlier batches exist. Only a new batch counts. If a limit is reached, this database
-- transaction must be rolled back.
--
-- The limit on waiting is for this row: once it is inserted, the earlier limit is set again.
with timeouts as materialized (
    select
        current_setting('lock_timeout') as usual,
        set_config('lock_timeout', ($10::bigint)::text, true) as key_wait
),

inserted as (
    insert into batches (
        tenant_id, batch_id, idempotency_key, content_hash, correlation_id, trace_header,
        transaction_ids, inserted, message_count, announce_at
    )
    select
        $1, $2, $3, $4, $5, $6, $7, cardinality($7::text[]), $8,
        now() + $9::bigint * interval '1 millisecond'
    from timeouts
    where
        key_wait is not null
        and exists (select from tenants where tenant_id = $1 and erasing_at is null)
    on conflict (tenant_id, idempotency_key) do nothing
    returning
        announce_at, set_config('lock_timeout', (select usual from timeouts), true) as lock_timeout
),

slot as materialized (
    select number from inserted cross join generate_series(1, $12::integer) as number
    where
        pg_try_advisory_xact_lock(
            hashtextextended('ingest ' || $1::uuid || ' ' || number, 0)
        )
    limit 1
),

sliced as (
    insert into slices (tenant_id, batch_id, first_position, last_position)
    select $1, $2, first_position, least(first_position + $11, cardinality($7::text[])) - 1
    from slot
    cross join generate_series(0, cardinality($7::text[]) - 1, $11::integer) as first_position
)

select
    inserted.announce_at, inserted.lock_timeout,
    exists (select from slot) as "has_slot!",
    exists (select from slices where tenant_id = $1 offset $13) as "has_backlog!"
from (values (1)) as always
left join inserted on true
