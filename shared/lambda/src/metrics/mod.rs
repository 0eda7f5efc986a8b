//! What an invocation measured, handed to CloudWatch as lines of its log in the embedded metric format.
//! What is measured, and under which names, stands in [`table`].
//!
//! A writer of our own: the format is one JSON object, and the crate for it (`metrique` with its EMF
//! formatter) brings 25 crates into each function.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

pub mod table;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::warn;

use table::{COLD_STARTS, Dimension, Metric};

/// The most values that one line may hold of a metric, by CloudWatch.
const VALUES_MAX: usize = 100;
/// What `METRICS_STACK` is where it is not set.
const STACK_DEFAULT: &str = "local";

/// Gathers what an invocation measures until it is [flushed](Metrics::flush). Clones gather together.
#[derive(Clone, Debug)]
pub struct Metrics {
    function: &'static str,
    stack: Arc<str>,
    gathered: Arc<Mutex<Gathered>>,
}

/// What was measured, by the category that it is of, if any: each makes a line of its own, since a line
/// has one value for each dimension.
type Gathered = BTreeMap<Option<&'static str>, BTreeMap<&'static str, (&'static Metric, Values)>>;

#[derive(Debug)]
enum Values {
    Sum(u64),
    Each(Vec<u64>),
}

impl Metrics {
    /// For the process of a function: `METRICS_STACK` names its stack. That it has started is the
    /// first that it measures.
    #[must_use]
    pub fn of_process(function: &'static str) -> Self {
        let given = std::env::var("METRICS_STACK").ok().filter(|stack| !stack.is_empty());
        let metrics = Self::new(function, given.as_deref().unwrap_or(STACK_DEFAULT));
        metrics.count(&COLD_STARTS, 1);
        metrics
    }

    /// For a function of a stack.
    #[must_use]
    pub fn new(function: &'static str, stack: &str) -> Self {
        Self { function, stack: stack.into(), gathered: Arc::default() }
    }

    /// Adds to a sum; adding nothing says that it was asked.
    pub fn count(&self, metric: &'static Metric, count: u64) {
        self.add(None, metric, count);
    }

    /// Adds to a category's sum. `category` is a word of the code's own, never of a tenant: each costs
    /// a metric.
    pub fn count_of(&self, metric: &'static Metric, category: &'static str, count: u64) {
        self.add(Some(category), metric, count);
    }

    /// Notes one value among others, such as a duration.
    pub fn observe(&self, metric: &'static Metric, value: u64) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let of_line = gathered.entry(None).or_default();
        match &mut of_line.entry(metric.name).or_insert((metric, Values::Each(Vec::new()))).1 {
            Values::Each(values) => values.push(value),
            Values::Sum(sum) => *sum = sum.saturating_add(value),
        }
    }

    fn add(&self, category: Option<&'static str>, metric: &'static Metric, count: u64) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let of_line = gathered.entry(category).or_default();
        match &mut of_line.entry(metric.name).or_insert((metric, Values::Sum(0))).1 {
            Values::Sum(sum) => *sum = sum.saturating_add(count),
            Values::Each(values) => values.push(count),
        }
    }

    /// Writes what was measured to standard output, before the invocation is answered: afterwards
    /// Lambda freezes the process.
    pub fn flush(&self) {
        let lines = self.take_lines(SystemTime::now());
        if lines.is_empty() {
            return;
        }
        // In one piece, so that no other line falls into these.
        let mut text = lines.join("\n");
        text.push('\n');
        if let Err(error) = std::io::stdout().lock().write_all(text.as_bytes()) {
            warn!(%error, "metrics are not written");
        }
    }

    /// What was measured since the last time, as lines.
    #[must_use]
    pub fn take_lines(&self, now: SystemTime) -> Vec<String> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let gathered = std::mem::take(&mut *gathered);
        let timestamp_ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let timestamp_ms = u64::try_from(timestamp_ms).unwrap_or(u64::MAX);
        let mut lines = Vec::new();
        for (category, mut metrics) in gathered {
            while !metrics.is_empty() {
                lines.push(self.line(timestamp_ms, category, &mut metrics));
            }
        }
        lines
    }

    /// One line of the metrics, and takes out what is on it: all but the values of one metric beyond
    /// [`VALUES_MAX`].
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
