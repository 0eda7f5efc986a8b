//! The number of rows that the plans process grows linearly with the size of a batch. The test
//! reads it from `auto_explain` instead of measuring time.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tributary_store::transactions::Written;
use tributary_store::{report, retention};
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::Ledger;
use crate::sums::year;

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
/// Linear growth is 10, and another plan may process some rows twice. Quadratic growth is 100.
const RATIO_MAX: u64 = 20;
/// The most rows that a summary of one day with transactions processes.
const SUMMARY_MAX: u64 = 200;
/// Makes PostgreSQL send each executed plan, with its row counts, to clients that connect later.
const SETTINGS: &[&str] = &[
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_timing = off",
    "auto_explain.log_format = json",
    "auto_explain.log_level = notice",
];

/// The notices of PostgreSQL, as sqlx logs them.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<u8>>>);

impl io::Write for Notices {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Notices {
    /// Collects the notices of this thread, on which all tasks of a test run.
    fn collect() -> (Self, DefaultGuard) {
        let notices = Self::default();
        let writer = notices.clone();
        let lines = tracing_subscriber::fmt()
            .json()
            .with_max_level(Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        (notices, tracing::subscriber::set_default(lines))
    }

    /// Removes the collected notices and returns the number of rows that their plans processed.
    fn take_rows(&self) -> u64 {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let lines = String::from_utf8(bytes).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let plans = lines.filter_map(|line| {
            let (_, plan) = line["fields"]["message"].as_str()?.split_once("plan:\n")?;
            Some(serde_json::from_str::<Value>(plan).unwrap())
        });
        plans.map(|plan| processed_rows(&plan["Plan"])).sum()
    }
}

/// The rows that a plan node and its children returned or removed by a filter.
#[expect(clippy::float_arithmetic, reason = "PostgreSQL reports mean row counts as fractions")]
fn processed_rows(node: &Value) -> u64 {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let removed = node.as_object().unwrap().keys().filter(|name| name.starts_with("Rows Removed"));
    let per_loop = number("Actual Rows") + removed.map(|name| number(name)).sum::<f64>();
    let children = node["Plans"].as_array().into_iter().flatten().map(processed_rows).sum::<u64>();
    // PostgreSQL reports the mean per loop.
    format!("{:.0}", per_loop * number("Actual Loops")).parse::<u64>().unwrap() + children
}

/// A ledger whose PostgreSQL sends the plans of the store's statements.
async fn explained_ledger() -> Ledger {
    let mut ledger = Ledger::new().await;
    let mut connection = ledger.database.connection().await;
    for setting in SETTINGS {
        let alter = format!(
            "do $$ begin execute format('alter database %I set ' || $x${setting}$x$, \
             current_database()); end $$"
        );
        connection.execute(AssertSqlSafe(alter)).await.unwrap();
    }
    ledger.store = ledger.database.store();
    ledger
}

/// Returns the number of rows that each step processes for a batch of `count` transactions.
async fn measure(count: usize) -> Vec<(&'static str, u64)> {
    let ledger = explained_ledger().await;
    let mut connection = ledger.database.connection().await;
    let (notices, _guard) = Notices::collect();
    let total = i32::try_from(count).unwrap();
    let written = |inserted, updated, unchanged| Written { inserted, updated, unchanged };
    ledger.write(&[booking("first", "1")]).await;
    assert!(notices.take_rows() > 0, "PostgreSQL sends no plans");
    let mut steps = Vec::new();

    let (batch, result) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(result, written(total, 0, 0));
    steps.push(("insert", notices.take_rows()));

    let (_, result) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(result, written(0, 0, total));
    steps.push(("repeat", notices.take_rows()));

    ledger.complete(batch).await;
    steps.push(("enrich", notices.take_rows()));

    let completed = ledger.progress(batch).await.counts.completed;
    assert_eq!(usize::try_from(completed), Ok(count));
    steps.push(("progress", notices.take_rows()));

    let mut tx = ledger.begin().await;
    report::fold_batch(&mut tx, ledger.tenant, batch).await.unwrap();
    tx.commit().await.unwrap();
    notices.take_rows();
    let mut tx = ledger.begin().await;
    report::summary(&mut tx, ledger.tenant, "acc", year()).await.unwrap().unwrap();
    tx.rollback().await.unwrap();
    steps.push(("summary", notices.take_rows()));

    let (_, result) = ledger.write(&bookings(count, "-0.20")).await;
    assert_eq!(result, written(0, total, 0));
    steps.push(("revise", notices.take_rows()));

    // Up-to-date statistics, as after autovacuum, may lead to other plans.
    connection.execute("analyze").await.unwrap();
    notices.take_rows();
    let (_, result) = ledger.write(&bookings(count, "-0.30")).await;
    assert_eq!(result, written(0, total, 0));
    steps.push(("revise analyzed", notices.take_rows()));
    steps
}

/// Whether `auto_explain` is installed and the user may load it. Some systems package the contrib
/// modules separately.
async fn has_auto_explain() -> bool {
    let ledger = Ledger::new().await;
    ledger.database.connection().await.execute("load 'auto_explain'").await.is_ok()
}

#[tokio::test]
async fn processed_rows_grow_linearly_with_the_batch_size() {
    if !has_auto_explain().await {
        eprintln!("skipped: auto_explain is missing, or the user may not load it");
        return;
    }
    let (small, large) = (measure(SMALL).await, measure(LARGE).await);
    eprintln!("{SMALL}: {small:?}\n{LARGE}: {large:?}");
    for ((step, small), (_, large)) in small.iter().zip(&large) {
        let is_linear = *small > 0 && *large < *small * RATIO_MAX;
        assert!(is_linear, "{step}: {small} rows for {SMALL}, {large} for {LARGE}");
        // Its cost follows the days, not the transactions.
        assert!(*step != "summary" || *large < SUMMARY_MAX, "{step}: {large} rows");
    }
}

/// The rows that a turn of a retention chore may process for each row of its limit: those that it
/// reads, locks, examines and writes, each counted in several nodes of a plan.
const TURN_RATIO_MAX: u64 = 30;

#[tokio::test]
async fn turn_of_a_retention_chore_processes_rows_of_its_limit() {
    if !has_auto_explain().await {
        eprintln!("skipped: auto_explain is missing, or the user may not load it");
        return;
    }
    let ledger = explained_ledger().await;
    let (batch, _) = ledger.write(&bookings(LARGE, "-1")).await;
    ledger.complete(batch).await;
    ledger.finish_if_done(batch).await;
    // Batches with and without a list, most of them too young. Those with a list are of one
    // transaction each.
    ledger
        .execute(
            "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted, \
             message_count, finished_at) \
             select tenant_id, gen_random_uuid(), 'c', case when n % 2 = 0 then \
             array['tx_' || lpad((n % 10000)::text, 5, '0')] end, 1, 1, \
             now() - case when n % 10 < 2 then 91 else 89 end * interval '1 day' \
             from tenants cross join generate_series(1, 40000) as n",
        )
        .await;
    ledger.execute("analyze").await;
    let (notices, _guard) = Notices::collect();
    let limit = 50;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    notices.take_rows();
    let examined = retention::drop_members(&mut tx, 90, limit, 10_000).await.unwrap();
    let dropped_rows = notices.take_rows();
    assert_eq!((examined.examined, examined.done), (limit, limit));
    let examined = retention::delete_batches(&mut tx, 90, limit).await.unwrap();
    let deleted_rows = notices.take_rows();
    assert_eq!((examined.examined, examined.done), (limit, limit));
    // Most transactions and revisions are too young.
    tx.execute(
        "update transactions set booked_at = booked_at - interval '1000 days' \
         where transaction_id < 'tx_00500'; \
         insert into transaction_revisions \
         select tenant_id, transaction_id, 1, batch_id, '{}', \
         now() - case when transaction_id < 'tx_00500' then 91 else 89 end * interval '1 day' \
         from transactions; \
         analyze transactions; analyze transaction_revisions",
    )
    .await
    .unwrap();
    notices.take_rows();
    assert_eq!(retention::delete_revisions(&mut tx, 90, limit).await.unwrap(), limit);
    let revision_rows = notices.take_rows();
    let days = 1_000;
    let pause = Duration::ZERO;
    let deleted = retention::delete_transactions(&mut tx, days, limit, 10, pause).await.unwrap();
    assert_eq!(deleted.done, limit);
    let transaction_rows = notices.take_rows();
    for rows in [dropped_rows, deleted_rows, revision_rows, transaction_rows] {
        assert!(rows > 0 && rows < limit.unsigned_abs() * TURN_RATIO_MAX, "{rows} rows");
    }
}
