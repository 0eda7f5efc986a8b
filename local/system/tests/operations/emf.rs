//! Parses log lines in the CloudWatch embedded metric format, and asserts that they conform to its
//! specification: Amazon CloudWatch User Guide, "Embedded metric format specification".

use std::collections::BTreeMap;

use serde_json::Value;

/// A metric of a log line.
pub struct LoggedMetric {
    pub name: String,
    pub unit: String,
    /// The names and values of its dimensions.
    pub dimensions: BTreeMap<String, String>,
    pub values: Vec<u64>,
}

/// The metrics of a log line; none if it is not in the embedded metric format.
pub fn read(line: &Value) -> Vec<LoggedMetric> {
    let Some(metadata) = line.get("_aws") else { return Vec::new() };
    assert!(metadata["Timestamp"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds: {line}");
    let directives = metadata["CloudWatchMetrics"].as_array().unwrap();
    let metrics: Vec<_> =
        directives.iter().flat_map(|directive| read_directive(line, directive)).collect();
    assert!((1..=100).contains(&metrics.len()), "1 to 100 metrics: {line}");
    metrics
}

fn read_directive(line: &Value, directive: &Value) -> Vec<LoggedMetric> {
    let namespace = directive["Namespace"].as_str().unwrap();
    assert_eq!(namespace, "Tributary");
    let sets = directive["Dimensions"].as_array().unwrap();
    assert_eq!(sets.len(), 1, "one dimension set: {line}");
    let set = sets[0].as_array().unwrap();
    assert!(set.len() <= 30, "{line}");
    let dimensions: BTreeMap<_, _> = set
        .iter()
        .map(|name| {
            let name = name.as_str().unwrap().to_owned();
            let value =
                line[&name].as_str().unwrap_or_else(|| panic!("{name} is a member: {line}"));
            assert!((1..=1_024).contains(&value.len()) && value.is_ascii(), "{line}");
            (name, value.to_owned())
        })
        .collect();
    let metrics = directive["Metrics"].as_array().unwrap();
    let read = |metric: &Value| {
        let name = metric["Name"].as_str().unwrap().to_owned();
        let values = match &line[&name] {
            Value::Array(values) => {
                assert!((1..=100).contains(&values.len()), "1 to 100 values: {line}");
                values.iter().map(|value| value.as_u64().unwrap()).collect()
            }
            value => vec![value.as_u64().unwrap_or_else(|| panic!("{name} is a member: {line}"))],
        };
        let unit = metric["Unit"].as_str().unwrap().to_owned();
        LoggedMetric { name, unit, dimensions: dimensions.clone(), values }
    };
    metrics.iter().map(read).collect()
}
