-- Inserts new transactions by id, to avoid deadlocks between batches with the same ids. Returns the positions of the
-- transactions that are already stored.
with incoming as (
    select * from unnest(
        $3::integer[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::date[],
        $9::timestamptz[], $10::date[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::boolean[], $17::text[]
    ) as incoming (
        batch_position, transaction_id, account_id, amount, currency, booked_on, booked_at,
        authorized_on, description, merchant_name, payment_channel, merchant_category_code,
        bank_category, is_pending, pending_transaction_id
    )
),

inserted as (
    insert into transactions (
        tenant_id, batch_id, batch_position, transaction_id, account_id, amount, currency,
        booked_on, booked_at, authorized_on, description, merchant_name, payment_channel,
        merchant_category_code, bank_category, is_pending, pending_transaction_id
    )
    select
        $1, $2, batch_position, transaction_id, account_id, amount, currency,
        booked_on, booked_at, authorized_on, description, merchant_name, payment_channel,
        merchant_category_code, bank_category, is_pending, pending_transaction_id
    from incoming
    order by transaction_id
    on conflict (tenant_id, transaction_id) do nothing
    returning batch_position
)

select batch_position as "batch_position!" from incoming
except
select batch_position from inserted
