//! Collects the metrics of an invocation and writes them to its log in the CloudWatch embedded
//! metric format. [`table`] lists the metrics.
//!
//! The format is one JSON object; the crate for it (`metrique` with its EMF formatter) would add 25
//! dependencies to each function.
//! Source: *Specification: Embedded metric format* in the Amazon CloudWatch User Guide.

pub mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::warn;

use table::{COLD_STARTS, Dimension, Metric};

/// The most values of a metric in one line, by CloudWatch.
const VALUES_MAX: usize = 100;
/// The default of `METRICS_STACK`.
const STACK_DEFAULT: &str = "local";

/// Collects metrics until they are [flushed](Metrics::flush). Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    function: &'static str,
    stack: Arc<str>,
    collected: Arc<Mutex<Collected>>,
}

/// The metrics by category, if any. Each category has a line of its own, because a line has one
/// value for each dimension.
type Collected = BTreeMap<Option<&'static str>, BTreeMap<&'static str, (&'static Metric, Values)>>;

#[derive(Debug)]
enum Values {
    Sum(u64),
    Each(Vec<u64>),
}

impl Metrics {
    /// The metrics of a function's process, with one cold start. `METRICS_STACK` names the stack.
    #[must_use]
    pub fn of_process(function: &'static str) -> Self {
        let stack = std::env::var("METRICS_STACK").ok().filter(|stack| !stack.is_empty());
        let metrics = Self::new(function, stack.as_deref().unwrap_or(STACK_DEFAULT));
        metrics.count(&COLD_STARTS, 1);
        metrics
    }

    /// The metrics of a function of a stack.
    #[must_use]
    pub fn new(function: &'static str, stack: &str) -> Self {
        Self { function, stack: stack.into(), collected: Arc::default() }
    }

    /// Adds to a sum. Adding zero reports the metric all the same.
    pub fn count(&self, metric: &'static Metric, count: u64) {
        self.add(None, metric, count);
    }

    /// Adds to the sum of a category. `category` must not be text of a tenant: each value is a
    /// metric with a cost.
    pub fn count_of(&self, metric: &'static Metric, category: &'static str, count: u64) {
        self.add(Some(category), metric, count);
    }

    /// Records one value, such as a duration.
    pub fn observe(&self, metric: &'static Metric, value: u64) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let of_line = collected.entry(None).or_default();
        match &mut of_line.entry(metric.name).or_insert((metric, Values::Each(Vec::new()))).1 {
            Values::Each(values) => values.push(value),
            Values::Sum(sum) => *sum = sum.saturating_add(value),
        }
    }

    fn add(&self, category: Option<&'static str>, metric: &'static Metric, count: u64) {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let of_line = collected.entry(category).or_default();
        match &mut of_line.entry(metric.name).or_insert((metric, Values::Sum(0))).1 {
            Values::Sum(sum) => *sum = sum.saturating_add(count),
            Values::Each(values) => values.push(count),
        }
    }

    /// Writes the metrics to standard output. Call it before the invocation responds: afterwards
    /// Lambda freezes the process.
    pub fn flush(&self) {
        let lines = self.take_lines(SystemTime::now());
        if lines.is_empty() {
            return;
        }
        // One write, so that no other line interleaves.
        let mut text = lines.join("\n");
        text.push('\n');
        if let Err(error) = std::io::stdout().lock().write_all(text.as_bytes()) {
            warn!(%error, "metrics cannot be written");
        }
    }

    /// Removes the collected metrics and returns them as lines.
    #[must_use]
    pub fn take_lines(&self, now: SystemTime) -> Vec<String> {
        let mut collected = self.collected.lock().unwrap_or_else(PoisonError::into_inner);
        let collected = std::mem::take(&mut *collected);
        let timestamp_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let timestamp_ms = u64::try_from(timestamp_ms).unwrap_or(u64::MAX);
        let mut lines = Vec::new();
        for (category, mut metrics) in collected {
            while !metrics.is_empty() {
                lines.push(self.line(timestamp_ms, category, &mut metrics));
            }
        }
        lines
    }

    /// Removes one line of metrics. Values of a metric beyond [`VALUES_MAX`] remain for the next
    /// line.
    fn line(
        &self,
        timestamp_ms: u64,
        category: Option<&'static str>,
        metrics: &mut BTreeMap<&'static str, (&'static Metric, Values)>,
    ) -> String {
        let mut members = Map::new();
        let mut directives: BTreeMap<&[Dimension], Vec<Value>> = BTreeMap::new();
        let mut rest = BTreeMap::new();
        for (name, (metric, values)) in std::mem::take(metrics) {
            let value = match values {
                Values::Sum(sum) => json!(sum),
                Values::Each(mut values) => {
                    let more = values.split_off(values.len().min(VALUES_MAX));
                    if !more.is_empty() {
                        rest.insert(name, (metric, Values::Each(more)));
                    }
                    json!(values)
                }
            };
            members.insert(name.to_owned(), value);
            let described = json!({"Name": name, "Unit": metric.unit.as_str()});
            directives.entry(metric.dimensions).or_default().push(described);
        }
        *metrics = rest;
        for dimension in directives.keys().copied().flatten() {
            let value = match dimension {
                Dimension::Stack => &*self.stack,
                Dimension::Function => self.function,
                Dimension::Category => category.unwrap_or_default(),
            };
            members.insert(dimension.as_str().to_owned(), value.into());
        }
        let directives: Vec<_> = directives
            .into_iter()
            .map(|(dimensions, metrics)| {
                let names: Vec<_> = dimensions.iter().map(|dimension| dimension.as_str()).collect();
                json!({"Namespace": table::NAMESPACE, "Dimensions": [names], "Metrics": metrics})
            })
            .collect();
        members.insert(
            "_aws".to_owned(),
            json!({"Timestamp": timestamp_ms, "CloudWatchMetrics": directives}),
        );
        Value::Object(members).to_string()
    }
}

#[cfg(test)]
mod tests;
