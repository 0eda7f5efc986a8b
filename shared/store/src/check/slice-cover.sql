-- Pending transactions that not exactly one slice of their batch covers: no worker would process them, or two would. Not
-- those of an account that is being erased.
select
    open.tenant_id,
    'transaction ' || open.transaction_id as "subject!",
    format(
        '%s slices cover position %s of batch %s', cover.count, open.batch_position, open.batch_id
    ) as "detail!",
    count(*) over () as "broken!"
from transactions as open
cross join lateral (
    select count(*) as count from slices as slice
    where
        slice.tenant_id = open.tenant_id
        and slice.batch_id = open.batch_id
        and open.batch_position between slice.first_position and slice.last_position
) as cover
where
    open.tenant_id = $2
    and open.status = 'pending'
    and cover.count <> 1
    and not exists (
        select from accounts as account
        where
            account.tenant_id = open.tenant_id
            and account.account_id = open.account_id
            and account.erasing_at is not null
    )
order by open.tenant_id, open.transaction_id
limit $1
