-- Updates stored transactions whose content differs, keeps the old content as a revision and assigns the transactions
-- to this batch. The rows are already locked. Returns the number of updated rows, and the pending transactions whose
-- replacement may have changed.
with incoming as (
    select * from unnest(
        $3::integer[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::timestamptz[],
        $9::date[], $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::text[]
    ) as incoming (
        batch_position, transaction_id, account_id, amount, currency, booked_at,
        authorized_on, description, merchant_name, payment_channel, merchant_category_code,
        is_pending, pending_transaction_id
    )
),

changed as (
    select known.* from transactions as known
    inner join incoming on known.transaction_id = incoming.transaction_id
    where
        known.tenant_id = $1
        and (
            known.amount, known.currency, known.booked_at, known.authorized_on,
            known.description, known.merchant_name, known.payment_channel,
            known.merchant_category_code, known.is_pending, known.pending_transaction_id
        ) is distinct from (
            incoming.amount, incoming.currency, incoming.booked_at,
            incoming.authorized_on, incoming.description, incoming.merchant_name,
            incoming.payment_channel, incoming.merchant_category_code, incoming.is_pending,
            incoming.pending_transaction_id
        )
),

revised as (
    insert into transaction_revisions (tenant_id, transaction_id, revision, batch_id, content)
    select
        $1, transaction_id, revision, batch_id,
        jsonb_build_object(
            'account_id', account_id, 'amount', amount, 'currency', currency,
            'booked_at', booked_at, 'authorized_on', authorized_on, 'description', description,
            'merchant_name', merchant_name, 'payment_channel', payment_channel,
            'merchant_category_code', merchant_category_code, 'is_pending', is_pending,
            'pending_transaction_id', pending_transaction_id
        )
    from changed
),

updated as (
    update transactions as known
    set
        batch_id = $2,
        batch_position = incoming.batch_position,
        amount = incoming.amount,
        currency = incoming.currency,
        booked_at = incoming.booked_at,
        authorized_on = incoming.authorized_on,
        description = incoming.description,
        merchant_name = incoming.merchant_name,
        payment_channel = incoming.payment_channel,
        merchant_category_code = incoming.merchant_category_code,
        is_pending = incoming.is_pending,
        pending_transaction_id = incoming.pending_transaction_id,
        revision = known.revision + 1,
        status = 'pending',
        attempts = 0,
        category = null,
        primary_code = null,
        detailed_code = null,
        confidence = null,
        rule = null,
        rules_version = null,
        failure_reason = null,
        enriched_at = null
    from changed
    inner join incoming on changed.transaction_id = incoming.transaction_id
    where known.tenant_id = $1 and known.transaction_id = changed.transaction_id
    returning
        known.transaction_id, known.is_pending, changed.is_pending as was_pending,
        changed.pending_transaction_id as named_before
)

select
    count(*)::integer as "count!",
    coalesce(
        array_remove(
            array_agg(transaction_id) filter (where is_pending or was_pending)
            || array_agg(named_before), null
        ), '{}'
    ) as "affected_pairs!"
from updated
