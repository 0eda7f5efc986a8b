-- Sets `replaced_by` of the given pending rows of the given accounts to the posted transaction of the same account that
-- names them, the first by id. The accounts are locked, so that the pairs cannot change meanwhile.
with affected as (
    select
        pending.transaction_id,
        (
            select min(posted.transaction_id) from transactions as posted
            where
                posted.tenant_id = $1
                and posted.pending_transaction_id = pending.transaction_id
                and posted.account_id = pending.account_id
                and pending.is_pending
        ) as successor
    from transactions as pending
    where
        pending.tenant_id = $1
        and pending.transaction_id = any($2)
        and pending.account_id = any($3)
)

update transactions as pending
set replaced_by = affected.successor
from affected
where
    pending.tenant_id = $1
    and pending.transaction_id = affected.transaction_id
    and pending.replaced_by is distinct from affected.successor
