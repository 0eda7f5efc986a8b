-- Writes only accounts that are new or changed, so that batches for an unchanged account do not block each other.
-- Writes them by id, to avoid deadlocks. Returns the referenced accounts that are unknown.
with incoming as (
    select * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        as incoming (account_id, name, account_type, subtype, mask)
),

different as (
    select incoming.* from incoming
    left join accounts as known
        on known.tenant_id = $1 and incoming.account_id = known.account_id
    where
        known.account_id is null
        or (known.name, known.account_type, known.subtype, known.mask)
        is distinct from (incoming.name, incoming.account_type, incoming.subtype, incoming.mask)
),

-- An account that another batch inserts at the same time is not in the snapshot: this waits for that batch, and
-- then updates what it wrote.
written as (
    insert into accounts as known (tenant_id, account_id, name, account_type, subtype, mask)
    select $1, account_id, name, account_type, subtype, mask from different
    order by account_id
    on conflict (tenant_id, account_id) do update
    set
        name = excluded.name,
        account_type = excluded.account_type,
        subtype = excluded.subtype,
        mask = excluded.mask,
        updated_at = now()
    where
        (known.name, known.account_type, known.subtype, known.mask)
        is distinct from (excluded.name, excluded.account_type, excluded.subtype, excluded.mask)
)

select referenced.account_id as "account_id!"
from unnest($7::text[]) as referenced (account_id)
where not exists (
    select from accounts as account
    where account.tenant_id = $1 and account.account_id = referenced.account_id
)
order by referenced.account_id
