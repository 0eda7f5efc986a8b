-- Locks, by id and in one statement, every row that the batch may change: the known rows that it brings, those that it
-- names or brings as pending, and those that the known rows named before. Returns all of them; the rows that it brings with
-- their position, whether they are in a pair, and whether they are stored under another account.
with locked as (
    select
        known.transaction_id, known.account_id,
        known.is_pending or known.pending_transaction_id is not null as is_paired
    from transactions as known
    where
        known.tenant_id = $1
        and known.transaction_id = any(
            $2::text[] || $3::text[] || array(
                select named.pending_transaction_id from transactions as named
                where
                    named.tenant_id = $1
                    and named.transaction_id = any($2)
                    and named.pending_transaction_id is not null
            )
        )
    order by known.transaction_id
    for no key update
)

select
    incoming.batch_position as "position?",
    incoming.batch_position is not null and locked.is_paired as "is_paired!",
    coalesce(locked.account_id <> incoming.account_id, false) as "is_of_other_account!"
from locked
left join unnest($2::text[], $4::text[], $5::integer[])
    as incoming (transaction_id, account_id, batch_position)
    on locked.transaction_id = incoming.transaction_id
order by incoming.batch_position
