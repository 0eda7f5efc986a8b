//! The plans of executed statements, from `auto_explain`: how many rows they processed.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tracing::Level;
use tracing::subscriber::DefaultGuard;

use crate::ledger::Ledger;

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
pub struct Notices(Arc<Mutex<Vec<u8>>>);

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
    pub fn take_rows(&self) -> u64 {
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

/// A ledger whose connections send their plans, and the notices of this thread; `None` where that
/// is not possible, since some systems package the contrib modules separately.
pub async fn explained() -> Option<(Ledger, Notices, DefaultGuard)> {
    let mut ledger = Ledger::new().await;
    if ledger.database.connection().await.execute("load 'auto_explain'").await.is_err() {
        eprintln!("skipped: auto_explain is missing, or the user may not load it");
        return None;
    }
    let mut connection = ledger.database.connection().await;
    for setting in SETTINGS {
        let alter = format!(
            "do $$ begin execute format('alter database %I set ' || $x${setting}$x$, \
             current_database()); end $$"
        );
        connection.execute(AssertSqlSafe(alter)).await.unwrap();
    }
    ledger.store = ledger.database.store();
    let (notices, guard) = Notices::collect();
    Some((ledger, notices, guard))
}
