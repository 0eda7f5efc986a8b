-- Accounts that have sums but are not stored.
select
    summed.tenant_id as "tenant_id!",
    'account ' || summed.account_id as "subject!",
    'has sums, but is not stored' as "detail!",
    count(*) over () as "broken!"
from (
    select tenant_id, account_id from report_days where tenant_id = $2
    union
    select tenant_id, account_id from report_packs where tenant_id = $2
) as summed
left join accounts as account
    on summed.tenant_id = account.tenant_id and summed.account_id = account.account_id
where account.account_id is null
order by summed.tenant_id, summed.account_id
limit $1
