//! The plans of executed statements, from `auto_explain`: how many rows they processed.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor};
use tracing::Level;
use tributary_testkit::logs::CapturedLogs;

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
pub struct Notices(CapturedLogs);

impl Notices {
    /// Removes the collected notices and returns the number of rows that their plans processed.
    pub fn take_rows(&self) -> u64 {
        let lines = self.0.take();
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
pub async fn explained() -> Option<(Ledger, Notices)> {
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
    Some((ledger, Notices(CapturedLogs::start(Level::INFO))))
}
