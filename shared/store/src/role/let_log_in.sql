-- Where PostgreSQL is Amazon's and takes IAM tokens, lets each function log in as its own role, with a
-- token and never with a password. Changes nothing that is so already, and nothing anywhere else.
do $$
declare
    function_role text;
begin
    if not exists (select from pg_roles where rolname = 'rds_iam') then
        return;
    end if;
    foreach function_role in array array[
        'tributary_authorize', 'tributary_ingest', 'tributary_enrich', 'tributary_report',
        'tributary_health', 'tributary_relay'
    ]
    loop
        if not exists (select from pg_roles where rolname = function_role and rolcanlogin) then
            execute format('alter role %I login', function_role);
        end if;
        if not pg_has_role(function_role, 'rds_iam', 'member') then
            execute format('grant rds_iam to %I', function_role);
        end if;
    end loop;
end
$$
