-- Tenants are kept apart a second time, by PostgreSQL itself: each function works as a role of its own that
-- has the least it needs, and sees the rows of the tenant alone that its transaction is for, also where a
-- statement forgets to ask for it. docs/roles.md shows who may do what, and a test holds it to this.
--
-- Roles belong to the whole server and outlive a database, so that they may be there already, and another
-- database may be migrated at this moment. They cannot log in until someone lets them; the owner of the
-- tables, who migrates, may become each of them with `set role`.

do $$
declare
    function_role text;
    missing text[] := '{}';
    not_ours text[] := '{}';
    -- Before PostgreSQL 16 every member may `set role`; since then it is a right of its own.
    has_set_option boolean := current_setting('server_version_num')::integer >= 160000;
begin
    foreach function_role in array array[
        'tributary_authorize', 'tributary_ingest', 'tributary_enrich', 'tributary_report',
        'tributary_health', 'tributary_relay'
    ]
    loop
        if not exists (select from pg_roles where rolname = function_role) then
            begin
                execute format('create role %I nologin', function_role);
            exception
                -- Another database's migration was quicker.
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then missing := missing || function_role;
            end;
        end if;
        if function_role = any(missing)
            or pg_has_role(
                current_user, function_role, case when has_set_option then 'SET' else 'MEMBER' end
            )
        then
            continue;
        end if;
        begin
            execute format(
                'grant %I to current_user %s', function_role,
                case when has_set_option then 'with inherit false, set true' else '' end
            );
        exception
            when unique_violation then null;
            when insufficient_privilege then not_ours := not_ours || function_role;
        end;
    end loop;

    if missing <> '{}' then
        raise insufficient_privilege using
            message = format(
                'the role %s may not create roles, and there is no %s',
                current_user, array_to_string(missing, ', ')
            ),
            hint = format(
                'Give it that right (alter role %I createrole), or have them made: %s', current_user,
                (
                    select string_agg(
                        format('create role %I nologin; grant %I to %I;', name, name, current_user), ' '
                    )
                    from unnest(missing) as name
                )
            );
    end if;
    if not_ours <> '{}' then
        raise warning '% may not become % with set role: functions have to log in as them',
            current_user, array_to_string(not_ours, ', ');
    end if;

    execute format(
        'grant usage on schema %I to tributary_authorize, tributary_ingest, tributary_enrich, '
        'tributary_report, tributary_relay', current_schema()
    );
    -- Everyone may connect, unless someone took that away. Only who has the right can give it.
    if not has_database_privilege('tributary_health', current_database(), 'connect') then
        execute format(
            'grant connect on database %I to tributary_authorize, tributary_ingest, '
            'tributary_enrich, tributary_report, tributary_health, tributary_relay',
            current_database()
        );
    end if;
    -- Until PostgreSQL 15 everyone might make tables in `public`.
    if has_schema_privilege('tributary_health', current_schema(), 'create') then
        begin
            execute format('revoke create on schema %I from public', current_schema());
        exception
            when insufficient_privilege then
                raise warning 'everyone may still make tables in the schema %', current_schema();
        end;
    end if;
end
$$;

-- Whose rows the transaction is for. Nobody's where that is not set, or was set by a transaction before:
-- what that leaves on a connection is an empty text.
create function tributary_tenant() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('tributary.tenant_id', true), '')::uuid $$;

-- Not forced on the owner: what checks, dumps and migrates has to see every tenant.
alter table tenants enable row level security;
alter table api_keys enable row level security;
alter table batches enable row level security;
alter table idempotency_keys enable row level security;
alter table accounts enable row level security;
alter table transactions enable row level security;
alter table transaction_revisions enable row level security;
alter table outbox enable row level security;
alter table report_deltas enable row level security;
alter table report_days enable row level security;

-- As a scalar query the setting is read once for a statement and not for each row. It then is one more
-- constant that the key must equal: the plans stay those of `tenant_id = $1`.
create policy batches_of_the_tenant on batches
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy idempotency_keys_of_the_tenant on idempotency_keys
to tributary_ingest
using (tenant_id = (select tributary_tenant()));

create policy accounts_of_the_tenant on accounts
to tributary_ingest, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy transactions_of_the_tenant on transactions
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy transaction_revisions_of_the_tenant on transaction_revisions
to tributary_ingest
using (tenant_id = (select tributary_tenant()));

create policy outbox_of_the_tenant on outbox
to tributary_ingest
using (tenant_id = (select tributary_tenant()));

create policy report_deltas_of_the_tenant on report_deltas
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy report_days_of_the_tenant on report_days
to tributary_report
using (tenant_id = (select tributary_tenant()));

-- Who works over all tenants: a key says whose it is only when it is found, and relay minds everyone's work.
create policy tenants_of_all on tenants to tributary_authorize using (true);
create policy api_keys_of_all on api_keys to tributary_authorize using (true);
create policy batches_of_all on batches to tributary_relay using (true);
create policy idempotency_keys_of_all on idempotency_keys to tributary_relay using (true);
create policy transactions_of_all on transactions to tributary_relay using (true);
create policy outbox_of_all on outbox to tributary_relay using (true);
create policy report_deltas_of_all on report_deltas to tributary_relay using (true);
create policy report_days_of_all on report_days to tributary_relay using (true);

-- authorize finds keys.
grant select on tenants, api_keys to tributary_authorize;

-- ingest writes what a batch brings. It reads rows to compare them, and no sums.
grant select, insert on batches to tributary_ingest;
grant update (announced_at, finished_at) on batches to tributary_ingest;
grant select, insert on idempotency_keys to tributary_ingest;
grant
select,
insert (tenant_id, account_id, name, account_type, subtype, mask),
update (name, account_type, subtype, mask, updated_at)
on accounts to tributary_ingest;
grant
select,
insert (
    tenant_id, batch_id, batch_position, transaction_id, account_id, amount, currency, booked_at,
    authorized_on, description, merchant_name, payment_channel, merchant_category_code, is_pending,
    pending_transaction_id
),
update (
    batch_id, batch_position, account_id, amount, currency, booked_at, authorized_on, description,
    merchant_name, payment_channel, merchant_category_code, is_pending, pending_transaction_id,
    replaced_by, revision, status, attempts, lease_token, lease_expires_at, category, primary_code,
    detailed_code, confidence, rule, rules_version, failure_reason, enriched_at
)
on transactions to tributary_ingest;
grant
insert (tenant_id, transaction_id, revision, batch_id, content)
on transaction_revisions to tributary_ingest;
grant
select,
insert (tenant_id, batch_id, entry_id, correlation_id, trace_header, message_count),
update (entry_id, message_count),
delete
on outbox to tributary_ingest;

-- enrich claims rows and finishes them. It cannot change what the bank said.
grant
select (tenant_id, batch_id, correlation_id, accepted_at, started_at, finished_at),
update (started_at, finished_at)
on batches to tributary_enrich;
grant
select (
    tenant_id, transaction_id, batch_id, batch_position, account_id, booked_at, currency, amount,
    description, merchant_name, merchant_category_code, replaced_by, status, attempts, lease_token,
    lease_expires_at, category
),
update (
    status, attempts, lease_token, lease_expires_at, category, primary_code, detailed_code,
    confidence, rule, rules_version, failure_reason, enriched_at
)
on transactions to tributary_enrich;

-- Both append to the sums, and read none.
grant
insert (
    tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
)
on report_deltas to tributary_ingest, tributary_enrich;

-- report reads. What it shows has no leases, and no account but its id.
grant select on batches, report_deltas, report_days to tributary_report;
grant select (tenant_id, account_id) on accounts to tributary_report;
grant
select (
    tenant_id, transaction_id, batch_id, account_id, amount, currency, booked_at, authorized_on,
    description, merchant_name, payment_channel, merchant_category_code, is_pending,
    pending_transaction_id, replaced_by, revision, status, attempts, category, primary_code,
    detailed_code, confidence, rule, failure_reason
)
on transactions to tributary_report;

-- relay sends what is owed, owes again, forgets keys and folds sums. It reads no content. A row that is
-- locked `for update` takes the right to update some column of it: the one that says least.
grant
select (tenant_id, batch_id, correlation_id, accepted_at, announced_at, started_at, finished_at),
update (announced_at)
on batches to tributary_relay;
grant
select (tenant_id, batch_id, status, lease_expires_at)
on transactions to tributary_relay;
grant
select,
insert (tenant_id, batch_id, entry_id, correlation_id, message_count),
update (message_count),
delete
on outbox to tributary_relay;
grant
select (tenant_id, idempotency_key, created_at),
update (created_at),
delete
on idempotency_keys to tributary_relay;
-- An identity that is always generated cannot be set to anything.
grant select, update (delta_id), delete on report_deltas to tributary_relay;
grant
select,
insert,
update (transaction_count, spend, income)
on report_days to tributary_relay;
