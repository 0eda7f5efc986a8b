-- Pending transactions whose `replaced_by` is not the first posted transaction of their account that names them. Not those of an account
-- that is being erased.
select
    booked.tenant_id,
    'transaction ' || booked.transaction_id as "subject!",
    format(
        'is replaced by %s and should be by %s',
        coalesce(booked.replaced_by, 'nothing'), coalesce(named.successor, 'nothing')
    ) as "detail!",
    count(*) over () as "broken!"
from transactions as booked
left join (
    select tenant_id, account_id, pending_transaction_id, min(transaction_id) as successor
    from transactions
    where tenant_id = $2 and pending_transaction_id is not null
    group by tenant_id, account_id, pending_transaction_id
) as named
    on
        booked.tenant_id = named.tenant_id
        and booked.account_id = named.account_id
        and booked.transaction_id = named.pending_transaction_id
        and booked.is_pending
where
    booked.tenant_id = $2
    and booked.replaced_by is distinct from named.successor
    and not exists (
        select from accounts as account
        where
            account.tenant_id = booked.tenant_id
            and account.account_id = booked.account_id
            and account.erasing_at is not null
    )
order by booked.tenant_id, booked.transaction_id
limit $1
