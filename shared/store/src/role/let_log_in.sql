-- Lets each function log in as its own role, with an RDS token and never with a password. Changes nothing that
-- is so already.
--
-- Whoever is a member of `rds_iam`, be it by way of another role, is let in with a token alone: RDS asks for
-- no password then. So the owner, who has one, stops being a member of the roles first. (That it may grant
-- them to others, which PostgreSQL 16 notes as a membership too, comes with having made them.)
do $$
declare
    function_role text;
begin
    if not exists (select from pg_roles where rolname = 'rds_iam') then
        raise undefined_object using message = 'this server takes no IAM tokens: it has no role rds_iam';
    end if;
    foreach function_role in array array[
        'tributary_authorize', 'tributary_ingest', 'tributary_enrich', 'tributary_report',
        'tributary_health', 'tributary_relay'
    ]
    loop
        if exists (
            select from pg_auth_members
            where
                roleid = function_role::regrole
                and member = current_user::regrole
                and not admin_option
        ) then
            execute format('revoke %I from current_user', function_role);
        end if;
        if not exists (select from pg_roles where rolname = function_role and rolcanlogin) then
            execute format('alter role %I login', function_role);
        end if;
        if not pg_has_role(function_role, 'rds_iam', 'member') then
            execute format('grant rds_iam to %I', function_role);
        end if;
    end loop;
end
$$
