-- The ledger: batches, their idempotency keys, accounts and transactions.

-- `transaction_ids` is an array because it is written once and only read as a whole. It lists every
-- transaction of the request, including unchanged ones, whose rows belong to an earlier batch.
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

-- relay searches unfinished batches by the time at which they were last announced to the queue.
create index batches_unfinished on batches (announced_at) where finished_at is null;

create table idempotency_keys (
    tenant_id uuid not null,
    idempotency_key text not null,
    content_hash bytea not null,
    batch_id uuid not null,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (tenant_id, idempotency_key),
    constraint idempotency_keys_batch_fkey foreign key (tenant_id, batch_id)
        references batches (tenant_id, batch_id),
    constraint idempotency_keys_content_hash_length check (octet_length(content_hash) = 33)
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

-- `batch_id` is the batch that last wrote the row's content and that enriches it. ingest inserts the batch
-- last, when its counts are known, so this foreign key is deferred.
--
-- A posted transaction that names a pending one replaces it. The pending row keeps its history and its
-- enrichment, but is excluded from all totals; `replaced_by` is the posted transaction.
--
-- The fill factor leaves room on the page for the two updates of every row (claim and finish). They change no
-- indexed column, so PostgreSQL can apply them as heap-only updates.
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
    replaced_by text,
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

-- A worker claims a batch's rows in the order of the request body.
create index transactions_batch on transactions (tenant_id, batch_id, batch_position);

-- Pages of an account's transactions, newest first.
create index transactions_account_booked
on transactions (tenant_id, account_id, booked_at desc, transaction_id desc);

-- ingest looks up the posted transactions that name a given pending transaction.
create index transactions_pending_transaction
on transactions (tenant_id, pending_transaction_id)
where pending_transaction_id is not null;

-- The earlier contents of transactions that were updated.
create table transaction_revisions (
    tenant_id uuid not null,
    transaction_id text not null,
    revision integer not null,
    batch_id uuid not null,
    content jsonb not null,
    replaced_at timestamptz not null default now(),
    constraint transaction_revisions_pkey primary key (tenant_id, transaction_id, revision)
);
