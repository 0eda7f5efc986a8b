-- The ledger: batches, the slices of their work, accounts and transactions.

-- The row of a batch is also its idempotency record and its entry in the outbox. ingest inserts it first, which locks
-- the idempotency key, as if all its transactions were new, and corrects the counts in the same database transaction.
--
-- `announce_at` is when relay sends the batch's messages unless something happens before: a worker that claims work
-- moves it on, and finishing the batch clears it. No message can thus be lost for good.
--
-- `transaction_ids` is an array because it is only read as a whole. It lists every transaction of the request, including
-- unchanged ones, whose rows belong to an earlier batch, but not the transactions that the request removes. A transaction that was erased is null in it, so that the
-- others keep their positions. relay sets it to null where it is no longer needed: see `examined_at`.
--
-- `failed` is how many of its own transactions had failed when it was finished: those that it inserted or updated, and
-- that no later batch has updated since.
--
-- `erased` counts the nulls of the array, or once there is no array, the transactions that were not stored any more
-- then.
--
-- `examined_at` is when relay last found that a finished batch could not be reduced or deleted yet.
create table batches (
    tenant_id uuid not null,
    batch_id uuid not null,
    idempotency_key text,
    content_hash bytea,
    correlation_id text not null,
    trace_header text,
    transaction_ids text[],
    inserted integer not null,
    updated integer not null default 0,
    unchanged integer not null default 0,
    total_transactions integer not null generated always as (inserted + updated + unchanged) stored,
    removed integer not null default 0,
    removed_unknown integer not null default 0,
    failed integer not null default 0,
    erased integer not null default 0,
    message_count integer not null,
    accepted_at timestamptz not null default now(),
    announce_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    examined_at timestamptz,
    constraint batches_pkey primary key (tenant_id, batch_id),
    constraint batches_idempotency_key_unique unique (tenant_id, idempotency_key),
    constraint batches_tenant_fkey foreign key (tenant_id) references tenants (tenant_id),
    constraint batches_content_hash_with_key check (
        (idempotency_key is null) = (content_hash is null)
    ),
    constraint batches_content_hash_length check (octet_length(content_hash) = 33),
    constraint batches_counts_add_up check (
        inserted >= 0 and updated >= 0 and unchanged >= 0 and removed >= 0 and removed_unknown >= 0
        and (transaction_ids is null or cardinality(transaction_ids) = total_transactions)
    ),
    constraint batches_failed_counted check (
        failed between 0 and total_transactions and (failed = 0 or finished_at is not null)
    ),
    -- Without erased transactions, the array is not read.
    constraint batches_erased_counted check (
        erased between 0 and total_transactions
        and (
            erased = 0
            or transaction_ids is null
            or erased + cardinality(array_remove(transaction_ids, null)) = total_transactions
        )
    ),
    constraint batches_members_until_finished check (
        transaction_ids is not null or finished_at is not null
    ),
    constraint batches_message_count_positive check (message_count > 0),
    constraint batches_announced_until_finished check (
        (announce_at is null) = (finished_at is not null)
    )
);

-- relay searches unfinished batches by the time at which they are due.
create index batches_unfinished on batches (announce_at) where finished_at is null;

-- relay examines finished batches, those that it has not examined for the longest time first: it removes the array of the
-- former and deletes the latter.
create index batches_with_members on batches (coalesce(examined_at, finished_at), batch_id)
where finished_at is not null and transaction_ids is not null;
create index batches_without_members on batches (coalesce(examined_at, finished_at), batch_id)
where finished_at is not null and transaction_ids is null;

-- The work of a batch in slices of consecutive positions of its transactions. A worker claims a slice and not its
-- transactions, so that each of them is written only when it is inserted and when it is finished. ingest inserts the
-- slices, and the worker that finishes the last open transaction of a slice deletes it.
--
-- `token` and `expires_at` are the lease. A slice with an expired lease was lost by a worker that died.
create table slices (
    tenant_id uuid not null,
    batch_id uuid not null,
    first_position integer not null,
    last_position integer not null,
    token uuid,
    expires_at timestamptz,
    attempts integer not null default 0,
    constraint slices_pkey primary key (tenant_id, batch_id, first_position),
    constraint slices_batch_fkey foreign key (tenant_id, batch_id)
    references batches (tenant_id, batch_id),
    constraint slices_not_empty check (first_position >= 0 and last_position >= first_position),
    constraint slices_attempts_counted check (attempts >= 0),
    constraint slices_leased_until check ((token is null) = (expires_at is null))
) with (fillfactor = 50);

-- The transactions that workers process at this moment are those of the claimed slices, which are few.
create index slices_claimed on slices (tenant_id, expires_at) where token is not null;

-- `balances` are those that the bank last reported, as JSON with exact decimals as texts, and `balances_at` is when.
--
-- An account with `erasing_at` is being erased: no batch for it is accepted. `erased_to` is the last batch whose list of
-- transactions has been searched for those of the account.
create table accounts (
    tenant_id uuid not null,
    account_id text not null,
    name text not null,
    account_type text not null,
    subtype text,
    mask text,
    balances jsonb,
    balances_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    erasing_at timestamptz,
    erased_to uuid,
    constraint accounts_pkey primary key (tenant_id, account_id),
    constraint accounts_tenant_fkey foreign key (tenant_id) references tenants (tenant_id),
    constraint accounts_balances_have_a_time check ((balances is null) = (balances_at is null))
);

-- `batch_id` is the batch that last wrote the row's content and that enriches it. There is no foreign key to it: checking
-- it for each row costs a third of the insert, and each slice has one.
--
-- A posted transaction that names a pending one of the same account replaces it. The pending row keeps its history and
-- its enrichment, but is excluded from all totals; `replaced_by` is the posted transaction.
--
-- `booked_on` is the booking day as the bank wrote it, and `booked_at` the time, if it gave one. A transaction with
-- `removed_at` was withdrawn by the bank or deleted by the tenant: it is in no total, but enriched like any other.
--
-- `currency` is a code of ISO 4217 or an unofficial one of 1 to 12 printable ASCII characters, which never equals a
-- code of ISO 4217. The amount of either is exact.
--
-- A row is updated once, when it is finished, and no indexed column changes. The fill factor leaves room on the page for
-- that, so that PostgreSQL can apply it as a heap-only update.
create table transactions (
    tenant_id uuid not null,
    transaction_id text not null,
    account_id text not null,
    batch_id uuid not null,
    batch_position integer not null,
    amount numeric not null,
    currency text not null,
    booked_on date not null,
    booked_at timestamptz,
    authorized_on date,
    description text not null,
    merchant_name text,
    payment_channel text,
    merchant_category_code text,
    bank_category text,
    is_pending boolean not null,
    pending_transaction_id text,
    revision integer not null default 1,
    status text not null default 'pending',
    attempts integer not null default 0,
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
    removed_at timestamptz,
    constraint transactions_pkey primary key (tenant_id, transaction_id),
    constraint transactions_account_fkey foreign key (tenant_id, account_id)
        references accounts (tenant_id, account_id),
    constraint transactions_currency_is_a_code check (currency ~ '^[!-~]{1,12}$'),
    constraint transactions_status_known check (status in ('pending', 'completed', 'failed')),
    constraint transactions_attempts_counted check (
        attempts >= 0 and (status = 'pending' or attempts > 0)
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
) with (fillfactor = 50);

-- A worker reads the rows of a slice.
create index transactions_batch on transactions (tenant_id, batch_id, batch_position);

-- Pages of an account's transactions, newest first.
create index transactions_account_booked
on transactions (tenant_id, account_id, booked_on desc, transaction_id desc);

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

-- relay deletes old revisions, if it is configured to.
create index transaction_revisions_replaced on transaction_revisions (replaced_at);

-- The transactions that relay has deleted because of their age, if it is configured to: batches may still list them.
-- relay takes them out of the lists of finished batches when it examines these, and deletes the rows here long after.
create table deleted_transactions (
    tenant_id uuid not null,
    transaction_id text not null,
    account_id text not null,
    deleted_at timestamptz not null default now(),
    constraint deleted_transactions_pkey primary key (tenant_id, transaction_id, account_id),
    constraint deleted_transactions_tenant_fkey foreign key (tenant_id)
    references tenants (tenant_id)
);

create index deleted_transactions_account on deleted_transactions (tenant_id, account_id);

create index deleted_transactions_deleted on deleted_transactions (deleted_at);

-- How far relay is with deleting old data. A run that has locked a row here is the only one that does that work.
--
-- `deleted_before` is the latest date before which revisions may have been deleted. `next_tenant_id` and
-- `next_account_id` are the account whose transactions are examined next; `passed_at` is when all had been.
create table retention_progress (
    subject text not null,
    deleted_before timestamptz,
    next_tenant_id uuid,
    next_account_id text,
    passed_at timestamptz,
    constraint retention_progress_pkey primary key (subject),
    constraint retention_progress_subject_known check (subject in ('revisions', 'transactions'))
);

insert into retention_progress (subject) values ('revisions'), ('transactions');
