-- The report's sums for each account, UTC day, currency, category and status. With them the cost of a summary
-- depends on the number of days and not on the number of stored transactions. Every statement that changes
-- transactions inserts the difference as deltas in the same database transaction; inserts do not block each
-- other. relay folds deltas into days. `category` is empty for transactions without one.

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

-- Counts may be negative for a moment: two relays can fold the delta that removes a row before the delta that
-- added it. There is therefore no check on their sign.
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
