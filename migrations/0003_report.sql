-- The report's sums per account, UTC day, currency, category and status, so that a summary costs what
-- its days cost and not what the account stores. Whoever changes rows appends what that changes in the
-- sums, in the same commit: appending waits for nobody. Relay folds the deltas into the days.
-- `category` is '' for rows that have none yet.

create table report_deltas (
    delta_id bigint generated always as identity,
    tenant_id uuid not null,
    account_id text not null,
    day date not null,
    currency text not null,
    category text not null,
    status text not null,
    transaction_count bigint not null,
    spend numeric not null,
    income numeric not null,
    constraint report_deltas_pkey primary key (tenant_id, account_id, day, delta_id)
);

-- No check on the sign of a count: two relays may fold what took a row away before what brought it.
create table report_days (
    tenant_id uuid not null,
    account_id text not null,
    day date not null,
    currency text not null,
    category text not null,
    status text not null,
    transaction_count bigint not null,
    spend numeric not null,
    income numeric not null,
    constraint report_days_pkey primary key (
        tenant_id, account_id, day, currency, status, category
    ),
    constraint report_days_account_fkey foreign key (tenant_id, account_id)
        references accounts (tenant_id, account_id)
);
