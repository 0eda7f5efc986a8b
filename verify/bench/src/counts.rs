//! Counts that do not depend on the machine: bytes of WAL, round trips, rows of sums.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgPool};

use crate::api::{Api, unfinished};
use crate::error::BenchError;
use crate::timings::Subject;
use crate::wire::Wire;
use crate::workload::{Batch, Workload};

/// Full-page images depend on when the last checkpoint was, and autovacuum on the clock.
const SETTINGS: [&str; 3] = [
    "alter system set full_page_writes = off",
    "alter system set autovacuum = off",
    "select pg_reload_conf()",
];

/// Counts each row that is written to a table of sums.
const COUNT_SUM_ROWS: [&str; 2] = [
    "create sequence bench_sum_rows",
    "create function bench_count_sum_row() returns trigger
     language plpgsql security definer as
     $$ begin perform nextval('public.bench_sum_rows'); return null; end $$",
];

const SUM_TABLES: &str = "select tablename::text from pg_tables
    where schemaname = 'public' and tablename like 'report\\_%'
    order by tablename";

/// The counts of batches of one size.
#[derive(Clone, Debug)]
pub struct BatchCounts {
    /// The number of transactions in the batch.
    pub rows: usize,
    /// Bytes of WAL for each transaction: ingest.
    pub ingest_wal: u64,
    /// The same of the bare insert.
    pub bare_insert_wal: u64,
    /// Bytes of WAL for each transaction: claim and finish.
    pub enrich_wal: u64,
    /// The same of the bare update.
    pub bare_update_wal: u64,
    /// Bytes of WAL for each transaction: relay, which folds the sums.
    pub relay_wal: u64,
    /// The number of groups: the transactions of one booking day, which also share account,
    /// currency and category.
    pub groups: usize,
    /// Rows of sums that ingest and enrich wrote.
    pub sum_rows: i64,
    /// Rows of sums that relay wrote.
    pub folded_rows: i64,
}

/// All counts.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Round trips to PostgreSQL for an accepted batch of 15 rows, by function.
    pub round_trips: BTreeMap<String, u64>,
    /// One for each size.
    pub batches: Vec<BatchCounts>,
}

/// Counts on a system whose database connections go through `wire` and whose event source is off.
pub async fn count(
    subject: &Subject<'_>,
    wire: &Wire,
    workload: &mut Workload,
    sizes: &[usize],
) -> Result<Counts, BenchError> {
    let Subject { api, database, .. } = subject;
    for setting in SETTINGS {
        sqlx::query(setting).execute(database).await?;
    }
    // Cold starts, connections and the first partial pages.
    for batch in workload.batches(2, 15) {
        live(api, &batch).await?;
    }
    let before = wire.round_trips();
    let batch_id = match workload.batches(1, 15).first() {
        Some(batch) => Some(api.post(batch.to_body()).await?),
        None => None,
    };
    let mut round_trips = wire.round_trips();
    for (function, count) in &before {
        if let Some(after) = round_trips.get_mut(function) {
            *after -= count;
        }
    }
    round_trips.retain(|_, count| *count > 0);
    if let Some(batch_id) = batch_id {
        api.enrich(batch_id).await?;
    }

    let mut batches = Vec::new();
    for &size in sizes {
        batches.extend(wal(subject, &workload.batches(2, size)).await?);
    }
    for statement in COUNT_SUM_ROWS {
        sqlx::query(statement).execute(database).await?;
    }
    let tables: Vec<String> = sqlx::query_scalar(SUM_TABLES).fetch_all(database).await?;
    for table in tables {
        let trigger = format!(
            "create trigger bench_count after insert or update on {table}
             for each row execute function bench_count_sum_row()"
        );
        // Safe: the name is from the catalog.
        sqlx::query(AssertSqlSafe(trigger)).execute(database).await?;
    }
    for counts in &mut batches {
        sum_rows(api, database, counts, &workload.batches(1, counts.rows)).await?;
    }
    Ok(Counts { round_trips, batches })
}

async fn live(api: &Api<'_>, batch: &Batch) -> Result<(), BenchError> {
    let batch_id = api.post(batch.to_body()).await?;
    api.enrich(batch_id).await?;
    api.relay().await
}

/// The bytes of WAL of the second of two batches.
async fn wal(subject: &Subject<'_>, pair: &[Batch]) -> Result<Option<BatchCounts>, BenchError> {
    let Subject { api, database, bare } = subject;
    let mut last = None;
    for batch in pair {
        let start = position(database).await?;
        let batch_id = api.post(batch.to_body()).await?;
        let ingested = position(database).await?;
        api.enrich(batch_id).await?;
        let enriched = position(database).await?;
        api.relay().await?;
        let relayed = position(database).await?;
        bare.insert(batch).await?;
        let inserted = position(database).await?;
        bare.update(batch).await?;
        let updated = position(database).await?;
        finished(database).await?;
        let rows = batch.len();
        let each = |from: i64, to: i64| {
            u64::try_from(to - from).unwrap_or_default() / u64::try_from(rows).unwrap_or(1).max(1)
        };
        last = Some(BatchCounts {
            rows,
            ingest_wal: each(start, ingested),
            enrich_wal: each(ingested, enriched),
            relay_wal: each(enriched, relayed),
            bare_insert_wal: each(relayed, inserted),
            bare_update_wal: each(inserted, updated),
            groups: 0,
            sum_rows: 0,
            folded_rows: 0,
        });
    }
    Ok(last)
}

async fn sum_rows(
    api: &Api<'_>,
    database: &PgPool,
    counts: &mut BatchCounts,
    batches: &[Batch],
) -> Result<(), BenchError> {
    for batch in batches {
        let start = sum_rows_written(database).await?;
        let batch_id = api.post(batch.to_body()).await?;
        api.enrich(batch_id).await?;
        let enriched = sum_rows_written(database).await?;
        api.relay().await?;
        let relayed = sum_rows_written(database).await?;
        finished(database).await?;
        let days: BTreeSet<_> = batch.booked_at.iter().map(chrono::DateTime::date_naive).collect();
        counts.groups = days.len();
        counts.sum_rows = enriched - start;
        counts.folded_rows = relayed - enriched;
    }
    Ok(())
}

async fn finished(database: &PgPool) -> Result<(), BenchError> {
    match unfinished(database).await? {
        0 => Ok(()),
        batches => Err(BenchError::Unfinished { batches, after: "counting" }),
    }
}

/// The end of the WAL, in bytes.
async fn position(database: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select (pg_current_wal_insert_lsn() - '0/0')::bigint")
        .fetch_one(database)
        .await
}

async fn sum_rows_written(database: &PgPool) -> Result<i64, sqlx::Error> {
    let query = "select case when is_called then last_value else 0 end from bench_sum_rows";
    sqlx::query_scalar(query).fetch_one(database).await
}
