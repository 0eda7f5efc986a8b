-- Roles and row-level security, the second barrier between tenants. Each function uses a role with the fewest
-- privileges that its statements need. A role sees only the rows of the tenant that the database transaction is
-- for, even if a statement has no condition on `tenant_id`. docs/roles.md lists the privileges; a test compares
-- it with the database.
--
-- Roles belong to the server, not to a database. They may already exist, and another database may be migrated
-- at the same time. They cannot log in until `role::grant_login` allows it. The owner of the tables, who runs
-- the migrations, is granted `set role` for each of them.

do $$
declare
    function_role text;
    missing text[] := '{}';
    not_ours text[] := '{}';
    -- Since PostgreSQL 16 `set role` requires a membership with the option SET.
    has_set_option boolean := current_setting('server_version_num')::integer >= 160000;
begin
    foreach function_role in array array[
        'tributary_authorize', 'tributary_ingest', 'tributary_enrich', 'tributary_report',
        'tributary_keys', 'tributary_health', 'tributary_relay'
    ]
    loop
        if not exists (select from pg_roles where rolname = function_role) then
            begin
                execute format('create role %I nologin', function_role);
            exception
                -- The migration of another database created it at the same time.
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
                'the role %s may not create roles, and these are missing: %s',
                current_user, array_to_string(missing, ', ')
            ),
            hint = format(
                'Allow it (alter role %I createrole), or create them as a superuser: %s', current_user,
                (
                    select string_agg(
                        format('create role %I nologin; grant %I to %I;', name, name, current_user), ' '
                    )
                    from unnest(missing) as name
                )
            );
    end if;
    if not_ours <> '{}' then
        raise warning '% cannot use set role for %: functions have to log in as these roles',
            current_user, array_to_string(not_ours, ', ');
    end if;

    execute format(
        'grant usage on schema %I to tributary_authorize, tributary_ingest, tributary_enrich, '
        'tributary_report, tributary_keys, tributary_relay', current_schema()
    );
    -- By default every role may connect. Granting it takes a privilege of its own, so do it only if needed.
    if not has_database_privilege('tributary_health', current_database(), 'connect') then
        execute format(
            'grant connect on database %I to tributary_authorize, tributary_ingest, '
            'tributary_enrich, tributary_report, tributary_keys, tributary_health, tributary_relay',
            current_database()
        );
    end if;
    -- Before PostgreSQL 15 every role could create tables in `public`.
    if has_schema_privilege('tributary_health', current_schema(), 'create') then
        begin
            execute format('revoke create on schema %I from public', current_schema());
        exception
            when insufficient_privilege then
                raise warning 'every role can still create tables in the schema %', current_schema();
        end;
    end if;
end
$$;

-- The tenant of the current database transaction, or null if none is set. After a transaction that set it with
-- `set local`, the setting of the connection is an empty string.
create function tributary_tenant() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('tributary.tenant_id', true), '')::uuid $$;

-- Not forced on the owner: checks, dumps and migrations need the rows of every tenant.
alter table tenants enable row level security;
alter table api_keys enable row level security;
alter table batches enable row level security;
alter table slices enable row level security;
alter table accounts enable row level security;
alter table transactions enable row level security;
alter table transaction_revisions enable row level security;
alter table deleted_transactions enable row level security;
alter table retention_progress enable row level security;
alter table report_packs enable row level security;
alter table report_days enable row level security;

-- The scalar subquery is evaluated once for each statement, not for each row, so that the planner uses the same
-- index as for `tenant_id = $1`.
create policy batches_of_the_tenant on batches
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy slices_of_the_tenant on slices
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy accounts_of_the_tenant on accounts
to tributary_ingest, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy transactions_of_the_tenant on transactions
to tributary_ingest, tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy transaction_revisions_of_the_tenant on transaction_revisions
to tributary_ingest, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy report_packs_of_the_tenant on report_packs
to tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy report_days_of_the_tenant on report_days
to tributary_enrich, tributary_report
using (tenant_id = (select tributary_tenant()));

create policy tenants_of_the_tenant on tenants to tributary_ingest, tributary_keys
using (tenant_id = (select tributary_tenant()));

create policy api_keys_of_the_tenant on api_keys for select to tributary_keys
using (tenant_id = (select tributary_tenant()));

create policy api_keys_created on api_keys for insert to tributary_keys
with check (tenant_id = (select tributary_tenant()));

-- A revoked key cannot become active again.
create policy api_keys_revoked on api_keys for update to tributary_keys
using (tenant_id = (select tributary_tenant()))
with check (revoked_at is not null);

-- Access to all tenants: authorize finds a key before its tenant is known, and relay serves every tenant.
create policy tenants_of_all on tenants to tributary_authorize using (true);
create policy api_keys_of_all on api_keys to tributary_authorize using (true);
create policy batches_of_all on batches to tributary_relay using (true);
create policy accounts_of_all on accounts to tributary_relay using (true);
create policy transactions_of_all on transactions to tributary_relay using (true);
create policy transaction_revisions_of_all on transaction_revisions to tributary_relay using (true);
create policy deleted_transactions_of_all on deleted_transactions to tributary_relay using (true);
create policy retention_progress_of_all on retention_progress to tributary_relay using (true);
create policy report_packs_of_all on report_packs to tributary_relay using (true);
create policy report_days_of_all on report_days to tributary_relay using (true);

-- authorize finds a key by its prefix, checks that the tenant of a token exists, and records when a key was last
-- used. It cannot read the names of tenants and keys.
grant select (tenant_id, erasing_at) on tenants to tributary_authorize;
grant
select (tenant_id, api_key_id, prefix, key_hash, scopes, last_used_at, revoked_at),
update (last_used_at)
on api_keys to tributary_authorize;

-- ingest writes batches and compares their transactions with stored rows. It cannot read sums.
grant select (tenant_id, erasing_at) on tenants to tributary_ingest;
grant
select,
insert (
    tenant_id, batch_id, idempotency_key, content_hash, correlation_id, trace_header,
    transaction_ids, inserted, message_count, announce_at
),
update (
    inserted, updated, unchanged, removed, removed_unknown, message_count, announce_at, started_at,
    finished_at, failed
)
on batches to tributary_ingest;
grant
select,
insert (tenant_id, batch_id, first_position, last_position),
update (attempts),
delete
on slices to tributary_ingest;
grant
select,
insert (tenant_id, account_id, name, account_type, subtype, mask, balances, balances_at),
update (name, account_type, subtype, mask, balances, balances_at, updated_at)
on accounts to tributary_ingest;
grant
select,
insert (
    tenant_id, batch_id, batch_position, transaction_id, account_id, amount, currency, booked_on,
    booked_at, authorized_on, description, merchant_name, payment_channel, merchant_category_code,
    bank_category, is_pending, pending_transaction_id
),
update (
    batch_id, batch_position, amount, currency, booked_on, booked_at, authorized_on, description,
    merchant_name, payment_channel, merchant_category_code, bank_category, is_pending,
    pending_transaction_id, replaced_by, removed_at, revision, status, attempts, category, primary_code, detailed_code, confidence,
    rule, rules_version, failure_reason, enriched_at
)
on transactions to tributary_ingest;
grant
insert (tenant_id, transaction_id, revision, batch_id, content)
on transaction_revisions to tributary_ingest;

-- enrich claims slices, finishes rows and folds the sums of a finished batch. It cannot change the content that the
-- bank sent.
grant
select (tenant_id, batch_id, accepted_at, announce_at, started_at, finished_at),
update (announce_at, started_at, finished_at, failed)
on batches to tributary_enrich;
grant
select,
insert,
update (last_position, token, expires_at, attempts),
delete
on slices to tributary_enrich;
grant
select (
    tenant_id, transaction_id, batch_id, batch_position, amount, description, merchant_name,
    merchant_category_code, bank_category, revision, status, category, ctid
),
update (
    status, attempts, category, primary_code, detailed_code, confidence, rule, rules_version,
    failure_reason, enriched_at
)
on transactions to tributary_enrich;

-- report reads batches, sums, accounts and transactions, without columns that the API does not show.
grant select on batches, report_packs, report_days to tributary_report;
grant execute on function report_entries(uuid, text[]) to tributary_report;
grant
select (tenant_id, batch_id, first_position, last_position, expires_at, token)
on slices to tributary_report;
grant
select (tenant_id, account_id, name, account_type, subtype, mask, balances, balances_at)
on accounts to tributary_report;
grant
select (
    tenant_id, transaction_id, batch_id, batch_position, account_id, amount, currency, booked_on,
    booked_at, authorized_on, description, merchant_name, payment_channel, merchant_category_code,
    bank_category, is_pending, pending_transaction_id, replaced_by, removed_at, revision, status, attempts, category, primary_code,
    detailed_code, confidence, rule, rules_version, failure_reason
)
on transactions to tributary_report;
grant select on transaction_revisions to tributary_report;

-- keys creates, lists and revokes the keys of a tenant. It cannot read their hashes.
grant select (tenant_id, erasing_at) on tenants to tributary_keys;
grant
select (
    tenant_id, api_key_id, name, prefix, scopes, created_at, last_used_at, revoked_at
),
insert (tenant_id, api_key_id, name, prefix, key_hash, scopes),
update (revoked_at)
on api_keys to tributary_keys;

-- relay announces batches that are due, folds packs, reduces and deletes old batches, and deletes old transactions. It
-- cannot read the content of transactions. Locking rows requires the right to update one of their columns.
grant
select (
    tenant_id, batch_id, correlation_id, trace_header, transaction_ids, total_transactions, erased,
    message_count, accepted_at, announce_at, finished_at, examined_at, ctid
),
update (announce_at, transaction_ids, erased, examined_at),
delete
on batches to tributary_relay;
grant select (tenant_id, account_id), update (updated_at) on accounts to tributary_relay;
grant
select (
    tenant_id, transaction_id, account_id, batch_id, batch_position, status, booked_on,
    pending_transaction_id, replaced_by, ctid
),
update (attempts),
delete
on transactions to tributary_relay;
grant
select (tenant_id, transaction_id, revision, replaced_at, ctid),
delete
on transaction_revisions to tributary_relay;
grant select, insert, update (deleted_at), delete on deleted_transactions to tributary_relay;
grant
select,
update (deleted_before, next_tenant_id, next_account_id, passed_at)
on retention_progress to tributary_relay;

grant select, delete on report_packs to tributary_enrich, tributary_relay;
grant
select,
insert,
update (transaction_count, amount)
on report_days to tributary_enrich, tributary_relay;
grant delete on report_days to tributary_relay;
