-- Writes only accounts that are new or changed, so that batches for an unchanged account do not block each other. With
-- $8 it also locks the others, described or only referenced, in the same statement and thus in the order of all
-- ids: `on conflict do update` locks a row even if its condition leaves it unchanged. Only described accounts are
-- updated: while the statement waits for a lock, what it has read of the others becomes old. Balances are kept if the
-- batch has none, or older ones. Returns the referenced accounts that are unknown, and the accounts that are being
-- erased.
with incoming as (
    select
        account_id, name, account_type, subtype, mask, balances::jsonb as balances,
        case when balances is not null then coalesce(balances_at, now()) end as balances_at
    from unnest(
        $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $9::text[], $10::timestamptz[]
    ) as incoming (account_id, name, account_type, subtype, mask, balances, balances_at)
),

affected as (
    select incoming.* from incoming
    left join accounts as known
        on known.tenant_id = $1 and incoming.account_id = known.account_id
    where
        $8
        or known.account_id is null
        or (known.name, known.account_type, known.subtype, known.mask)
        is distinct from (incoming.name, incoming.account_type, incoming.subtype, incoming.mask)
        or (incoming.balances is not null and incoming.balances is distinct from known.balances)
    union all
    select
        known.account_id, known.name, known.account_type, known.subtype, known.mask,
        known.balances, known.balances_at
    from accounts as known
    where $8 and known.tenant_id = $1 and known.account_id = any($7)
),

-- An account that another batch inserts at the same time is not in the snapshot: this waits for that batch, and
-- then updates what it wrote.
written as (
    insert into accounts as known (
        tenant_id, account_id, name, account_type, subtype, mask, balances, balances_at
    )
    select $1, account_id, name, account_type, subtype, mask, balances, balances_at from affected
    order by account_id
    on conflict (tenant_id, account_id) do update
    set
        name = excluded.name,
        account_type = excluded.account_type,
        subtype = excluded.subtype,
        mask = excluded.mask,
        balances = case
            when excluded.balances_at >= coalesce(known.balances_at, '-infinity')
                then excluded.balances
            else known.balances
        end,
        balances_at = greatest(known.balances_at, excluded.balances_at),
        updated_at = now()
    where
        known.account_id = any($2)
        and (
            (known.name, known.account_type, known.subtype, known.mask)
            is distinct from (excluded.name, excluded.account_type, excluded.subtype, excluded.mask)
            or (
                excluded.balances is distinct from known.balances
                and excluded.balances_at >= coalesce(known.balances_at, '-infinity')
            )
        )
)

select referenced.account_id as "account_id!", false as "is_being_erased!"
from unnest($7::text[]) as referenced (account_id)
where not exists (
    select from accounts as account
    where account.tenant_id = $1 and account.account_id = referenced.account_id
)
union all
select account_id, true from accounts
where tenant_id = $1 and account_id = any($2 || $7) and erasing_at is not null
order by 1
