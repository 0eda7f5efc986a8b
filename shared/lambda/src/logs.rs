//! Logs: one JSON object a line on standard output, where Lambda takes them to CloudWatch.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. `RUST_LOG` takes targets and levels (`info,enrich=debug`); the default is `info`.
///
/// A line carries its fields, its message and the fields of the span that it stands in, among them
/// the correlation id.
pub fn init() {
    let targets = std::env::var("RUST_LOG")
        .ok()
        .and_then(|filter| filter.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    tracing_subscriber::registry().with(targets).with(lines).init();
}
