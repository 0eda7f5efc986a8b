-- The ledger: tenants, their keys, batches, accounts and transactions.
-- Every key begins with the tenant, so that no statement can reach another tenant's row by its id,
-- and so that row-level security can be laid over it with an index that serves.

create table tenants (
    tenant_id uuid not null,
    name text not null,
    created_at timestamptz not null default now(),
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_name_unique unique (name)
);

-- A key is found before its tenant is known: its hash alone is unique over all tenants.
create table api_keys (
    tenant_id uuid not null,
    api_key_id uuid not null,
    name text not null,
    prefix text not null,
    key_hash bytea not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, api_key_id),
    constraint api_keys_key_hash_unique unique (key_hash),
    constraint api_keys_tenant_fkey foreign key (tenant_id) references tenants (tenant_id),
    constraint api_keys_key_hash_is_sha256 check (octet_length(key_hash) = 32),
    constraint api_keys_scopes_known check (scopes <@ array['ingest', 'report', 'admin'])
);

-- The members of a batch stand in an array: they are written once, read only whole, and a batch that
-- brings a known transaction keeps it as a member without owning its row.
create table batches (
    tenant_id uuid not null,
    batch_id uuid not null,
    correlation_id text not null,
    transaction_ids text[] not null,
    inserted integer not null,
    updated integer not null,
    unchanged integer not null,
    accepted_at timestamptz not null,
    announced_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    constraint batches_pkey primary key (tenant_id, batch_id),
    constraint batches_tenant_fkey foreign key (tenant_id) references tenants (tenant_id),
    constraint batches_counts_add_up check (
        inserted >= 0 and updated >= 0 and unchanged >= 0
        and inserted + updated + unchanged = cardinality(transaction_ids)
    ),
    constraint batches_not_empty check (cardinality(transaction_ids) > 0)
);

-- What relay looks through for batches that nobody works on any more: unfinished ones, by when their
-- work was last announced to the queue.
create index batches_unfinished on batches (announced_at) where finished_at is null;

create table idempotency_keys (
    tenant_id uuid not null,
    idempotency_key text not null,
    body_hash bytea not null,
    batch_id uuid not null,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (tenant_id, idempotency_key),
    constraint idempotency_keys_batch_fkey foreign key (tenant_id, batch_id)
        references batches (tenant_id, batch_id),
    constraint idempotency_keys_body_hash_is_sha256 check (octet_length(body_hash) = 32)
);

create index idempotency_keys_created on idempotency_keys (created_at);

create table accounts (
    tenant_id uuid not null,
    account_id text not null,
    name text not null,
    account_type text not null,
    subtype text,
    mask text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint accounts_pkey primary key (tenant_id, account_id),
    constraint accounts_tenant_fkey foreign key (tenant_id) references tenants (tenant_id)
);

-- `batch_id` is the batch whose content stands here and whose work the row is. The batch is written
-- last, when its counts are known, hence the deferred key. The fill factor leaves room for the two
-- updates that every row sees (claimed, finished), which touch no index and so stay on its page.
create table transactions (
    tenant_id uuid not null,
    transaction_id text not null,
    account_id text not null,
    batch_id uuid not null,
    batch_position integer not null,
    amount numeric not null,
    currency text not null,
    booked_at timestamptz not null,
    authorized_on date,
    description text not null,
    merchant_name text,
    payment_channel text,
    merchant_category_code text,
    is_pending boolean not null,
    pending_transaction_id text,
    revision integer not null default 1,
    status text not null default 'pending',
    attempts integer not null default 0,
    lease_token uuid,
    lease_expires_at timestamptz,
    category text,
    primary_code text,
    detailed_code text,
    confidence text,
    rule text,
    rules_version text,
    failure_reason text,
    created_at timestamptz not null default now(),
    enriched_at timestamptz,
    constraint transactions_pkey primary key (tenant_id, transaction_id),
    constraint transactions_account_fkey foreign key (tenant_id, account_id)
        references accounts (tenant_id, account_id),
    constraint transactions_batch_fkey foreign key (tenant_id, batch_id)
        references batches (tenant_id, batch_id) deferrable initially deferred,
    constraint transactions_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
    constraint transactions_status_known check (
        status in ('pending', 'processing', 'completed', 'failed')
    ),
    constraint transactions_attempts_counted check (
        attempts >= 0 and (status = 'pending' or attempts > 0)
    ),
    constraint transactions_leased_while_processing check (
        (status = 'processing') = (lease_token is not null)
        and (lease_token is null) = (lease_expires_at is null)
    ),
    constraint transactions_categorised_when_completed check (
        (status = 'completed')
        = (num_nonnulls(category, primary_code, detailed_code, confidence, rule, rules_version) = 6)
        and num_nonnulls(category, primary_code, detailed_code, confidence, rule, rules_version)
        in (0, 6)
    ),
    constraint transactions_reason_when_failed check (
        (status = 'failed') = (failure_reason is not null)
    ),
    constraint transactions_enriched_when_done check (
        (status in ('completed', 'failed')) = (enriched_at is not null)
    )
) with (fillfactor = 80);

-- A batch's rows in the order of its body: what a worker claims from.
create index transactions_batch on transactions (tenant_id, batch_id, batch_position);

-- An account's rows, newest first: what its pages are read from.
create index transactions_account_booked
on transactions (tenant_id, account_id, booked_at desc, transaction_id desc);

-- What a transaction said before it came again with other content.
create table transaction_revisions (
    tenant_id uuid not null,
    transaction_id text not null,
    revision integer not null,
    batch_id uuid not null,
    content jsonb not null,
    replaced_at timestamptz not null default now(),
    constraint transaction_revisions_pkey primary key (tenant_id, transaction_id, revision)
);
