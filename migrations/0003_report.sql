-- The report's sums for each account, booking day, currency, state, kind and category. With them the cost of a summary
-- depends on the number of days and not on the number of stored transactions.
--
-- The state is `open` until a transaction is completed or failed, so that claiming changes no sum. The kind says to which
-- total the amount belongs. `category` is empty for transactions without one. `amount` is the sum of absolute amounts.
--
-- A trigger appends the difference that each statement on `transactions` makes as packs, in the same database transaction:
-- one row of arrays for each account, since inserts do not block each other. When a batch is finished, its packs are
-- folded into days. relay folds those that remain.
create table report_packs (
    pack_id bigint generated always as identity,
    tenant_id uuid not null,
    account_id text not null,
    batch_id uuid not null,
    days date[] not null,
    currencies text[] not null,
    states text[] not null,
    kinds text[] not null,
    categories text[] not null,
    counts bigint[] not null,
    amounts numeric[] not null,
    constraint report_packs_pkey primary key (tenant_id, account_id, pack_id)
);

create index report_packs_batch on report_packs (tenant_id, batch_id);

-- Counts may be negative for a moment: two database transactions can fold the pack that removes a row before the pack
-- that added it. There is therefore no check on their sign.
create table report_days (
    tenant_id uuid not null,
    account_id text not null,
    day date not null,
    currency text not null,
    state text not null,
    kind text not null,
    category text not null,
    transaction_count bigint not null,
    amount numeric not null,
    constraint report_days_pkey primary key (
        tenant_id, account_id, day, currency, state, kind, category
    ),
    constraint report_days_account_fkey foreign key (tenant_id, account_id)
    references accounts (tenant_id, account_id),
    constraint report_days_state_known check (state in ('open', 'completed', 'failed')),
    constraint report_days_kind_known check (kind in ('spend', 'income', 'transfer', 'refund'))
);

-- The sums of accounts: their days, and their packs that are not folded yet. PostgreSQL replaces a call in `from` by this
-- statement, so that a condition on the day of the result uses the primary key.
create function report_entries(tenant uuid, accounts text[])
returns table (
    account_id text, day date, currency text, state text, kind text, category text,
    transaction_count bigint, amount numeric
)
language sql stable parallel safe
as $$
    select
        known.account_id, known.day, known.currency, known.state, known.kind, known.category,
        known.transaction_count, known.amount
    from report_days as known
    where known.tenant_id = tenant and known.account_id = any(accounts)
    union all
    select
        pack.account_id, entry.day, entry.currency, entry.state, entry.kind, entry.category,
        entry.transaction_count, entry.amount
    from report_packs as pack
    cross join lateral unnest(
        pack.days, pack.currencies, pack.states, pack.kinds, pack.categories, pack.counts,
        pack.amounts
    ) as entry (day, currency, state, kind, category, transaction_count, amount)
    where pack.tenant_id = tenant and pack.account_id = any(accounts)
$$;

revoke execute on function report_entries(uuid, text[]) from public;

-- relay deletes days whose transactions have all moved elsewhere.
create index report_days_empty on report_days (tenant_id) where transaction_count = 0;

-- Appends the rows of the transition table `moved`, once for the state before a statement and once for that after it. The
-- argument is the sign. Runs as the owner, so that no function needs access to the packs of a statement, and no
-- statement on `transactions` can leave the sums behind.
create function append_report_packs() returns trigger
language plpgsql security definer
as $$
declare
    sign integer := tg_argv[0];
begin
    insert into report_packs (
        tenant_id, account_id, batch_id, days, currencies, states, kinds, categories, counts, amounts
    )
    select
        tenant_id, account_id, batch_id, array_agg(day), array_agg(currency), array_agg(state),
        array_agg(kind), array_agg(category), array_agg(transaction_count), array_agg(amount)
    from (
        select
            tenant_id, account_id, batch_id, booked_on as day, currency,
            case status when 'pending' then 'open' else status end as state,
            case when amount > 0 then 'income' else 'spend' end as kind,
            coalesce(category, '') as category,
            sign * count(*) as transaction_count, sign * sum(abs(amount)) as amount
        from moved
        where replaced_by is null and removed_at is null
        group by 1, 2, 3, 4, 5, 6, 7, 8
    ) as groups
    group by tenant_id, account_id, batch_id;
    return null;
end
$$;

-- A caller's temporary tables must not be found before the tables of this schema.
do $$
begin
    execute format(
        'alter function append_report_packs() set search_path = %I, pg_temp', current_schema()
    );
end
$$;

revoke execute on function append_report_packs() from public;

create trigger transactions_inserted after insert on transactions
referencing new table as moved
for each statement execute function append_report_packs('1');

create trigger transactions_updated_from after update on transactions
referencing old table as moved
for each statement execute function append_report_packs('-1');

create trigger transactions_updated_to after update on transactions
referencing new table as moved
for each statement execute function append_report_packs('1');

create trigger transactions_deleted after delete on transactions
referencing old table as moved
for each statement execute function append_report_packs('-1');
