//! The metrics in the alarms and the dashboard of the deployment template.

use std::collections::BTreeSet;

use serde_json::Value;
use tributary_testkit::template::{resource, resources_of};

const NAMESPACE: &str = "Tributary";

/// A metric's name, and the names of its dimensions in alphabetical order.
pub type Metric = (String, Vec<String>);

pub fn metric<'n>(name: &str, dimensions: impl IntoIterator<Item = &'n str>) -> Metric {
    let mut dimensions: Vec<_> = dimensions.into_iter().map(str::to_owned).collect();
    dimensions.sort();
    (name.to_owned(), dimensions)
}

/// The metrics of the alarms.
pub fn alarm_metrics() -> BTreeSet<Metric> {
    let alarms = resources_of("AWS::CloudWatch::Alarm").map(|(_, alarm)| &alarm["Properties"]);
    alarms
        .filter(|alarm| alarm["Namespace"] == NAMESPACE)
        .map(|alarm| {
            let dimensions = alarm["Dimensions"].as_array().unwrap();
            let names = dimensions.iter().map(|dimension| dimension["Name"].as_str().unwrap());
            metric(alarm["MetricName"].as_str().unwrap(), names)
        })
        .collect()
}

/// The metrics of the dashboard.
pub fn dashboard_metrics() -> BTreeSet<Metric> {
    let body = &resource("Dashboard")["Properties"]["DashboardBody"]["Fn::Sub"];
    // The text, without substitutions.
    let body: Value = serde_json::from_str(body[0].as_str().unwrap()).unwrap();
    let rows = body["widgets"].as_array().unwrap().iter();
    let rows =
        rows.flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten());
    rows.filter_map(|row| match row[0]["expression"].as_str() {
        Some(expression) => Some(search_metric(expression)),
        None => (row[0] == NAMESPACE).then(|| {
            let words: Vec<_> = row.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // The namespace, the name, and the name and value of each dimension.
            metric(words[1], words[2..].iter().step_by(2).copied())
        }),
    })
    .collect()
}

/// The metric of `SEARCH('{Tributary,Stack} MetricName="…" …', …)`.
fn search_metric(expression: &str) -> Metric {
    let (_, schema) = expression.split_once('{').unwrap();
    let (schema, rest) = schema.split_once('}').unwrap();
    let mut words = schema.split(',');
    assert_eq!(words.next(), Some(NAMESPACE), "{expression}");
    let (_, name) = rest.split_once("MetricName=\"").unwrap();
    metric(name.split_once('"').unwrap().0, words)
}
