-- Updates stored transactions whose content differs or that were removed, keeps the old content as a revision and assigns
-- the transactions to this batch. The rows are already locked. Returns the number of updated rows, the pending
-- transactions whose replacement may have changed, and the stored transactions whose id has been reused.
--
-- A posted transaction does not become pending again: a pending copy of it changes nothing. A plain date on the stored
-- day does not take the stored time away. A posted one with another amount and other texts on a day more than a week away
-- is another transaction; the caller rolls back then.
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

different as (
    select known.*, incoming.batch_position as position, comparison.is_reused
    from transactions as known
    inner join incoming on known.transaction_id = incoming.transaction_id
    cross join lateral (
        select
            (known.is_pending or not incoming.is_pending)
            and (
                known.removed_at is not null
                or (
                    known.amount, known.currency, known.booked_on, known.booked_at,
                    known.authorized_on, known.description, known.merchant_name,
                    known.payment_channel, known.merchant_category_code, known.bank_category,
                    known.is_pending, known.pending_transaction_id
                ) is distinct from (
                    incoming.amount, incoming.currency, incoming.booked_on,
                    coalesce(
                        incoming.booked_at,
                        case when known.booked_on = incoming.booked_on then known.booked_at end
                    ),
                    incoming.authorized_on, incoming.description, incoming.merchant_name,
                    incoming.payment_channel, incoming.merchant_category_code,
                    incoming.bank_category, incoming.is_pending, incoming.pending_transaction_id
                )
            ) as is_changed,
            not known.is_pending
            and not incoming.is_pending
            and known.removed_at is null
            and abs(known.booked_on - incoming.booked_on) > $18
            and known.amount <> incoming.amount
            and known.description <> incoming.description
            and (known.merchant_name = incoming.merchant_name) is not true as is_reused
    ) as comparison
    where known.tenant_id = $1 and (comparison.is_changed or comparison.is_reused)
),

revised as (
    insert into transaction_revisions (tenant_id, transaction_id, revision, batch_id, content)
    select
        $1, transaction_id, revision, batch_id,
        jsonb_build_object(
            'account_id', account_id, 'amount', amount::text, 'currency', currency,
            'booked_on', booked_on, 'booked_at', booked_at, 'authorized_on', authorized_on,
            'description', description, 'merchant_name', merchant_name,
            'payment_channel', payment_channel, 'merchant_category_code', merchant_category_code,
            'bank_category', bank_category, 'is_pending', is_pending,
            'pending_transaction_id', pending_transaction_id, 'removed_at', removed_at
        )
    from different
),

updated as (
    update transactions as known
    set
        batch_id = $2,
        batch_position = incoming.batch_position,
        amount = incoming.amount,
        currency = incoming.currency,
        booked_on = incoming.booked_on,
        booked_at = coalesce(
            incoming.booked_at,
            case when known.booked_on = incoming.booked_on then known.booked_at end
        ),
        authorized_on = incoming.authorized_on,
        description = incoming.description,
        merchant_name = incoming.merchant_name,
        payment_channel = incoming.payment_channel,
        merchant_category_code = incoming.merchant_category_code,
        bank_category = incoming.bank_category,
        is_pending = incoming.is_pending,
        pending_transaction_id = incoming.pending_transaction_id,
        removed_at = null,
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
    from different
    inner join incoming on different.transaction_id = incoming.transaction_id
    where known.tenant_id = $1 and known.transaction_id = different.transaction_id
    returning
        known.transaction_id, known.is_pending, different.is_pending as was_pending,
        different.pending_transaction_id as named_before
)

select
    changed.count as "count!", changed.affected_pairs as "affected_pairs!",
    reused.position as "position?", reused.booked_on as "booked_on?",
    reused.amount as "amount?", reused.currency as "currency?",
    reused.description as "description?"
from (
    select
        count(*)::integer as count,
        coalesce(
            array_remove(
                array_agg(transaction_id) filter (where is_pending or was_pending)
                || array_agg(named_before), null
            ), '{}'
        ) as affected_pairs
    from updated
) as changed
left join (
    select position, booked_on, amount, currency, description from different
    where is_reused
    order by position
    limit $19
) as reused on true
order by reused.position
