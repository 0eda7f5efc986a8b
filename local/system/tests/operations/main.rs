//! What an operator sees of a running system: metrics, traces, and the admin function.
#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod emf;
mod metrics;
mod template_metrics;
mod traces;

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Every line that a function has logged.
fn lines_of(log_directory: &Path, function: &str) -> Vec<Value> {
    let text =
        fs::read_to_string(log_directory.join(format!("{function}.log"))).unwrap_or_default();
    // The last may be half written.
    let whole = text.rsplit_once('\n').map(|(whole, _)| whole).unwrap_or_default();
    let read = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{function}: {error}: {line}"))
    };
    whole.lines().map(read).collect()
}
