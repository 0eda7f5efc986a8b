//! The metrics that the deployment template's alarms and dashboard ask for are ones that a run logs, by
//! name and by dimensions.
#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tributary_system::SystemConfig;
use tributary_testkit::template::{resource, resources_of};

use support::{api_of, eventually, numbered, start};

const NAMESPACE: &str = "Tributary";

/// A metric's name and the names of its dimensions, in the order of those.
type Metric = (String, Vec<String>);

fn metric<'n>(name: &str, dimensions: impl IntoIterator<Item = &'n str>) -> Metric {
    let mut dimensions: Vec<_> = dimensions.into_iter().map(str::to_owned).collect();
    dimensions.sort();
    (name.to_owned(), dimensions)
}

/// What alarms of our namespace look at.
fn alarmed() -> BTreeSet<Metric> {
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

/// What the dashboard shows of our namespace.
fn shown() -> BTreeSet<Metric> {
    let body = &resource("Dashboard")["Properties"]["DashboardBody"]["Fn::Sub"];
    // The text, before what is put into it.
    let body = body[0].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let rows = body["widgets"].as_array().unwrap().iter();
    let rows =
        rows.flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten());
    rows.filter_map(|row| match row[0]["expression"].as_str() {
        Some(expression) => Some(searched(expression)),
        None => (row[0] == NAMESPACE).then(|| {
            let words: Vec<_> = row.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // Namespace, name, then each dimension's name and value.
            metric(words[1], words[2..].iter().step_by(2).copied())
        }),
    })
    .collect()
}

/// What `SEARCH('{Tributary,Stack} MetricName="…" …', …)` looks for.
fn searched(expression: &str) -> Metric {
    let (_, schema) = expression.split_once('{').unwrap();
    let (schema, rest) = schema.split_once('}').unwrap();
    let mut words = schema.split(',');
    assert_eq!(words.next(), Some(NAMESPACE), "{expression}");
    let (_, name) = rest.split_once("MetricName=\"").unwrap();
    metric(name.split_once('"').unwrap().0, words)
}

/// What the functions have logged in the embedded metric format until now.
fn logged(directory: &Path) -> BTreeSet<Metric> {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            for directive in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
                assert_eq!(directive["Namespace"], NAMESPACE, "{line}");
                for set in directive["Dimensions"].as_array().unwrap() {
                    let names =
                        || set.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    for name in names() {
                        assert!(line[name].is_string(), "{name}: {line}");
                    }
                    for measured in directive["Metrics"].as_array().unwrap() {
                        let name = measured["Name"].as_str().unwrap();
                        assert!(line[name].is_number() || line[name].is_array(), "{name}: {line}");
                        found.insert(metric(name, names()));
                    }
                }
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_alarms_and_dashboard_ask_for_is_what_a_run_logs() {
    let logs = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(logs.path().to_owned());
    config.relay_interval = Some(Duration::from_millis(500));
    let system = start(config).await;
    let api = api_of(&system);

    // Taken in, replayed and refused.
    let mut batch = numbered(3, "-0.10");
    batch["request_id"] = "metrics-1".into();
    for _ in 0..2 {
        let batch_id = api.accept(&batch).await;
        api.finished(&batch_id).await;
    }
    assert_eq!(api.post(&Value::Object(serde_json::Map::new())).await.status, 422);

    let asked: BTreeSet<_> = alarmed().union(&shown()).cloned().collect();
    assert!(asked.len() > alarmed().len() && !alarmed().is_empty(), "{asked:?}");
    let mut missing = asked.clone();
    // Nothing failed here that would be tried again, which is all that such a run does not show.
    let retried = missing.take(&metric("TransactionsRetried", ["Stack"]));
    eventually("the metrics that alarms and dashboard ask for", async || {
        missing = missing.difference(&logged(logs.path())).cloned().collect();
        missing.is_empty().then_some(())
    })
    .await;
    assert!(retried.is_some_and(|retried| of_the_code().contains(&retried)));
    // And nothing that is measured is asked for by nobody.
    assert_eq!(of_the_code().difference(&asked).collect::<Vec<_>>(), Vec::<&Metric>::new());
    system.stop().await.unwrap();
}

/// Every metric that functions have.
fn of_the_code() -> BTreeSet<Metric> {
    use tributary_lambda::metrics::table::{Dimension, METRICS};
    let dimensions = |of: &'static [Dimension]| of.iter().map(|dimension| dimension.as_str());
    METRICS.iter().map(|known| metric(known.name, dimensions(known.dimensions))).collect()
}
