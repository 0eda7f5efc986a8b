//! Compares all privileges in the system catalogs with `grants.txt`, which detects privileges that
//! no other test tries. `UPDATE_GRANTS=1 cargo test -p tributary-store --test roles grants`
//! rewrites the file.

use std::path::Path;

use crate::ledger::Ledger;

const EXPECTED: &str = include_str!("grants.txt");

/// Returns one line for each privilege of a role other than the owner, each policy, each
/// `security definer` function and each view. Such a function, like a view, runs with the
/// privileges of its owner.
const PRIVILEGES: &str = r"
with privileges as (
    select
        c.relname::text as object, a.grantee, a.privilege_type as privilege,
        null::text as part, c.relowner as owner
    from pg_class as c cross join lateral aclexplode(c.relacl) as a
    where c.relnamespace = 'public'::regnamespace
    union all
    select c.relname::text, a.grantee, a.privilege_type, t.attname::text, c.relowner
    from pg_class as c
    inner join pg_attribute as t on t.attrelid = c.oid
    cross join lateral aclexplode(t.attacl) as a
    where c.relnamespace = 'public'::regnamespace
    union all
    select 'schema public', a.grantee, a.privilege_type, null, n.nspowner
    from pg_namespace as n cross join lateral aclexplode(n.nspacl) as a
    where n.nspname = 'public'
),
named as (
    select
        coalesce(r.rolname::text, 'public') as grantee, privileges.object,
        lower(privilege) as privilege, part
    from privileges left join pg_roles as r on r.oid = privileges.grantee
    where privileges.grantee <> privileges.owner
)
select format(
    '%s may %s %s%s', grantee, privilege, object,
    coalesce(': ' || string_agg(part, ', ' order by part), '')
)
from named group by grantee, privilege, object
union all
select format(
    'policy of %s for %s on %s%s', r.roles, lower(p.cmd), p.tablename,
    case p.permissive when 'PERMISSIVE' then '' else ', restrictive' end
)
from pg_policies as p
cross join lateral (
    select string_agg(role::text, ', ' order by role::text) as roles from unnest(p.roles) as role
) as r
where p.schemaname = 'public'
union all
select format('%s is a security definer function', p.oid::regprocedure)
from pg_proc as p where p.pronamespace = 'public'::regnamespace and p.prosecdef
union all
select format('%s is a view', c.relname)
from pg_class as c where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
order by 1
";

#[tokio::test]
async fn privileges_are_exactly_the_listed_ones() {
    let ledger = Ledger::new().await;
    let found: Vec<String> = sqlx::query_scalar(PRIVILEGES)
        .fetch_all(&mut ledger.database.connection().await)
        .await
        .unwrap();
    assert!(found.len() > 30, "{found:?}");
    let found = found.join("\n") + "\n";
    if std::env::var_os("UPDATE_GRANTS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles/grants.txt");
        std::fs::write(file, &found).unwrap();
        return;
    }
    assert_eq!(found, EXPECTED, "UPDATE_GRANTS=1 rewrites grants.txt");
}
