-- Writes results to the rows of the slices that are still held under the token. Rows that another batch has updated are
-- not written: their revision differs. Returns the number of written rows by category, which is empty for failed ones.
with held as (
    select first_position, last_position, attempts from slices
    where tenant_id = $1 and batch_id = $2 and token = $3
    order by first_position
    for no key update
),

result as (
    select * from unnest(
        $4::integer[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[]
    ) as result (
        batch_position, revision, category, primary_code, detailed_code, confidence, rule,
        failure_reason
    )
),

-- Lateral, so that the join is one index probe for each result, however many rows the planner expects, in the order
-- of the results: that of the ids, in which ingest locks rows, too. By `ctid` alone the update then finds each
-- row without another probe.
locked as (
    select
        row.ctid, held.attempts, result.category, result.primary_code,
        result.detailed_code, result.confidence, result.rule, result.failure_reason
    from held
    cross join result
    cross join lateral (
        select known.ctid from transactions as known
        where
            known.tenant_id = $1
            and known.batch_id = $2
            and known.batch_position = result.batch_position
            and known.revision = result.revision
            and known.status = 'pending'
        limit 1
        for no key update
    ) as row
    where result.batch_position between held.first_position and held.last_position
),

finished as (
    update transactions as finished
    set
        status = case when locked.failure_reason is null then 'completed' else 'failed' end,
        attempts = locked.attempts,
        category = locked.category,
        primary_code = locked.primary_code,
        detailed_code = locked.detailed_code,
        confidence = locked.confidence,
        rule = locked.rule,
        rules_version = case when locked.failure_reason is null then $12 end,
        failure_reason = locked.failure_reason,
        enriched_at = now()
    from locked
    where finished.ctid = locked.ctid
    returning coalesce(finished.category, '') as category
)

select category as "category!", count(*) as "count!" from finished
group by category
order by category
