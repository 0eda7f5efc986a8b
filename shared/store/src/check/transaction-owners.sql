-- Transactions whose account or batch is not stored, or that are not in the list of their batch, if that has one.
-- Not those of an account that is being erased.
select
    owned.tenant_id,
    'transaction ' || owned.transaction_id as "subject!",
    case
        when account.account_id is null
            then 'its account ' || owned.account_id || ' is not stored'
        else 'its batch ' || owned.batch_id || ' did not bring it'
    end as "detail!",
    count(*) over () as "broken!"
from transactions as owned
left join accounts as account
    on owned.tenant_id = account.tenant_id and owned.account_id = account.account_id
left join batches as batch
    on owned.tenant_id = batch.tenant_id and owned.batch_id = batch.batch_id
left join (
    select tenant_id, batch_id, unnest(transaction_ids) as transaction_id from batches
    where tenant_id = $2
) as member
    on
        owned.tenant_id = member.tenant_id
        and owned.batch_id = member.batch_id
        and owned.transaction_id = member.transaction_id
where
    owned.tenant_id = $2
    and (
        account.account_id is null
        or (
            account.erasing_at is null
            and (
                batch.batch_id is null
                or (batch.transaction_ids is not null and member.transaction_id is null)
            )
        )
    )
order by owned.tenant_id, owned.transaction_id
limit $1
