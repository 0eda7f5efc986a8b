-- All tenants, those of rows that have no foreign key which leads to a tenant, and the nil id. Reads one row for each
-- tenant of such a table.
with recursive revised as (
    (select tenant_id from transaction_revisions order by tenant_id limit 1)
    union all
    select (
        select next.tenant_id from transaction_revisions as next
        where next.tenant_id > revised.tenant_id
        order by next.tenant_id
        limit 1
    )
    from revised
    where revised.tenant_id is not null
),

summed as (
    (select tenant_id from report_packs order by tenant_id limit 1)
    union all
    select (
        select next.tenant_id from report_packs as next
        where next.tenant_id > summed.tenant_id
        order by next.tenant_id
        limit 1
    )
    from summed
    where summed.tenant_id is not null
)

select tenant_id as "tenant_id!"
from (
    select tenant_id from tenants
    union
    select tenant_id from revised
    union
    select tenant_id from summed
    union
    select '00000000-0000-0000-0000-000000000000'
) as every
where tenant_id is not null
order by tenant_id
