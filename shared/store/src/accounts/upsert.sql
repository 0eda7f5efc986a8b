-- Writes only accounts that are new or changed, so that batches for an unchanged account do not block each other.
-- Writes them by id, to avoid deadlocks. Returns the referenced accounts that are unknown.
with incoming as (
    select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as incoming (account_id, name, account_type, subtype, mask)
),

inserted as (
    insert into accounts (tenant_id, account_id, name, account_type, subtype, mask)
    select $1, account_id, name, account_type, subtype, mask from incoming
    order by account_id
    on conflict (tenant_id, account_id) do nothing
),

changed as (
    select account.account_id from accounts as account
    inner join incoming on account.account_id = incoming.account_id
    where
        account.tenant_id = $1
        and (account.name, account.account_type, account.subtype, account.mask)
        is distinct from (incoming.name, incoming.account_type, incoming.subtype, incoming.mask)
    order by account.account_id
    for no key update of account
),

updated as (
    update accounts as account
    set
        name = incoming.name,
        account_type = incoming.account_type,
        subtype = incoming.subtype,
        mask = incoming.mask,
        updated_at = now()
    from changed
    inner join incoming on changed.account_id = incoming.account_id
    where account.tenant_id = $1 and account.account_id = changed.account_id
)

select referenced.account_id as "account_id!"
from unnest($7::text[]) as referenced (account_id)
where not exists (
    select from accounts as account
    where account.tenant_id = $1 and account.account_id = referenced.account_id
)
order by referenced.account_id
