//! A batch of ten thousand touches about ten times the rows that one of a thousand touches: no plan
//! is quadratic. PostgreSQL says so itself, of each plan that it ran; no clock is asked.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tributary_store::transactions::Written;
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{LEASE, Ledger, SHOPPING, ids};

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
/// Ten times the rows; a plan may differ and touch some twice. Quadratic would be 100.
const RATIO_MAX: u64 = 20;
/// What enrich claims at a time.
const CLAIM: i64 = 500;
/// What PostgreSQL is told, for new connections: to send the client each plan that it ran, with its
/// rows.
const SETTINGS: &[&str] = &[
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_timing = off",
    "auto_explain.log_format = json",
    "auto_explain.log_level = notice",
];

/// What PostgreSQL sends beside its answers, as sqlx logs it.
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
    /// Listens on this thread, on which a test's future stays.
    fn listen() -> (Self, DefaultGuard) {
        let notices = Self::default();
        let writer = notices.clone();
        let lines = tracing_subscriber::fmt()
            .json()
            .with_max_level(Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        (notices, tracing::subscriber::set_default(lines))
    }

    /// How many rows the nodes of all plans since the last time have given and thrown away.
    fn rows(&self) -> u64 {
        let taken = std::mem::take(&mut *self.0.lock().unwrap());
        let lines = String::from_utf8(taken).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let plans = lines.filter_map(|line| {
            let (_, plan) = line["fields"]["message"].as_str()?.split_once("plan:\n")?;
            Some(serde_json::from_str::<Value>(plan).unwrap())
        });
        plans.map(|plan| rows_of(&plan["Plan"])).sum()
    }
}

#[expect(clippy::float_arithmetic, reason = "numbers of rows, which PostgreSQL tells as fractions")]
fn rows_of(node: &Value) -> u64 {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let removed = node.as_object().unwrap().keys().filter(|name| name.starts_with("Rows Removed"));
    let of_a_loop = number("Actual Rows") + removed.map(|name| number(name)).sum::<f64>();
    let below = node["Plans"].as_array().into_iter().flatten().map(rows_of).sum::<u64>();
    // By loop PostgreSQL tells a mean.
    format!("{:.0}", of_a_loop * number("Actual Loops")).parse::<u64>().unwrap() + below
}

/// The rows that each step of a batch of `count` touches, in a ledger of its own, from insert to
/// revision.
async fn measure(count: usize) -> Vec<(&'static str, u64)> {
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
    let (notices, _listening) = Notices::listen();
    let total = i32::try_from(count).unwrap();
    let written = |inserted, updated, unchanged| Written { inserted, updated, unchanged };
    ledger.write(&[booking("first", "1")]).await;
    assert!(notices.rows() > 0, "PostgreSQL tells of its plans");
    let mut steps = Vec::new();

    let (batch, wrote) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(wrote, written(total, 0, 0));
    steps.push(("insert", notices.rows()));

    let (_, wrote) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(wrote, written(0, 0, total));
    steps.push(("repeat", notices.rows()));

    loop {
        let (lease, claimed) = ledger.claim(batch, LEASE, CLAIM).await;
        if claimed.is_empty() {
            break;
        }
        ledger.finish(&lease, &ids(&claimed), Ok(SHOPPING)).await;
    }
    steps.push(("enrich", notices.rows()));

    let completed = ledger.progress(batch).await.counts.completed;
    assert_eq!(usize::try_from(completed), Ok(count));
    steps.push(("progress", notices.rows()));

    let (_, wrote) = ledger.write(&bookings(count, "-0.20")).await;
    assert_eq!(wrote, written(0, total, 0));
    steps.push(("revise", notices.rows()));

    // With the statistics that autovacuum brings sooner or later, and other plans with them.
    connection.execute("analyze").await.unwrap();
    notices.rows();
    let (_, wrote) = ledger.write(&bookings(count, "-0.30")).await;
    assert_eq!(wrote, written(0, total, 0));
    steps.push(("revise analyzed", notices.rows()));
    steps
}

/// Whether this PostgreSQL can tell: it needs its own contrib modules, which some systems package
/// apart, and an owner who may load them.
async fn can_tell() -> bool {
    let ledger = Ledger::new().await;
    ledger.database.connection().await.execute("load 'auto_explain'").await.is_ok()
}

#[tokio::test]
async fn ten_times_the_transactions_touch_about_ten_times_the_rows() {
    if !can_tell().await {
        eprintln!("left out: this PostgreSQL has no auto_explain, or not for who tests");
        return;
    }
    let (small, large) = (measure(SMALL).await, measure(LARGE).await);
    eprintln!("{SMALL}: {small:?}\n{LARGE}: {large:?}");
    for ((step, small), (_, large)) in small.iter().zip(&large) {
        let is_linear = *small > 0 && *large < *small * RATIO_MAX;
        assert!(is_linear, "{step}: {small} rows of {SMALL}, {large} of {LARGE}");
    }
}
