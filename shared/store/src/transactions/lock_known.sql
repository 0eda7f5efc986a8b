-- Locks, by id and in one statement, every row that the batch may change: the known rows that it brings or removes, those
-- that it names or brings as pending, and those that the known rows named before. Returns all of them; the rows that it
-- brings and removes with their position, whether they are in a pair, and whether they are stored under another account.
with locked as (
    select
        known.transaction_id, known.account_id,
        known.is_pending or known.pending_transaction_id is not null as is_paired
    from transactions as known
    where
        known.tenant_id = $1
        and known.transaction_id = any(
            $2::text[] || $3::text[] || $6::text[] || array(
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
    removal.position::integer - 1 as "removal?",
    incoming.batch_position is not null and locked.is_paired as "is_paired!",
    coalesce(
        locked.account_id <> coalesce(incoming.account_id, removal.account_id), false
    ) as "is_of_other_account!"
from locked
left join unnest($2::text[], $4::text[], $5::integer[])
    as incoming (transaction_id, account_id, batch_position)
    on locked.transaction_id = incoming.transaction_id
left join unnest($6::text[], $7::text[]) with ordinality
    as removal (transaction_id, account_id, position)
    on locked.transaction_id = removal.transaction_id
order by incoming.batch_position, removal.position
