-- Allows each role to log in with an RDS IAM token, never with a password. Can be run repeatedly.
--
-- RDS accepts only tokens, no passwords, from direct and indirect members of `rds_iam`. The owner has a password and
-- must therefore leave the roles first. (Since PostgreSQL 16 the creator of a role remains a member with the admin
-- option, without inheriting from it.)
do $$
declare
    function_role text;
begin
    if not exists (select from pg_roles where rolname = 'rds_iam') then
        raise undefined_object using message = 'this server does not support IAM tokens: it has no role rds_iam';
    end if;
    foreach function_role in array array[
        'tributary_authorize', 'tributary_ingest', 'tributary_enrich', 'tributary_report',
        'tributary_keys', 'tributary_health', 'tributary_relay'
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
