-- Writes results to the rows that are still held under the token. Rows that another worker claimed, or whose content
-- changed, are not written. Returns the number of written rows by category, which is empty for failed ones.
with result as (
    select * from unnest(
        $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]
    ) as result (
        transaction_id, category, primary_code, detailed_code, confidence, rule, failure_reason
    )
),

held as (
    select
        held.transaction_id, held.account_id, held.booked_at, held.currency, held.amount
    from transactions as held
    inner join result on held.transaction_id = result.transaction_id
    where held.tenant_id = $1 and held.lease_token = $2
    order by held.transaction_id
    for no key update of held
),

finished as (
    update transactions as finished
    set
        status = case when result.failure_reason is null then 'completed' else 'failed' end,
        lease_token = null,
        lease_expires_at = null,
        category = result.category,
        primary_code = result.primary_code,
        detailed_code = result.detailed_code,
        confidence = result.confidence,
        rule = result.rule,
        rules_version = case when result.failure_reason is null then $10 end,
        failure_reason = result.failure_reason,
        enriched_at = now()
    from held
    inner join result on held.transaction_id = result.transaction_id
    where finished.tenant_id = $1 and finished.transaction_id = held.transaction_id
    returning
        finished.account_id, finished.booked_at, finished.currency, finished.amount,
        finished.status, coalesce(finished.category, '') as category, finished.replaced_by
),

moves as (
    select
        account_id, booked_at, currency, '' as category, 'processing' as status,
        -1 as sign, amount
    from finished
    where replaced_by is null
    union all
    select account_id, booked_at, currency, category, status, 1, amount
    from finished
    where replaced_by is null
),

deltas as (
    insert into report_deltas (
        tenant_id, account_id, day, currency, category, status, transaction_count, spend, income
    )
    select
        $1, account_id, (booked_at at time zone 'UTC')::date, currency, category, status,
        sum(sign), sum(sign * greatest(-amount, 0)), sum(sign * greatest(amount, 0))
    from moves
    group by 2, 3, 4, 5, 6
)

select category as "category!", count(*) as "count!" from finished
group by category
order by category
