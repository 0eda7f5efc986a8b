//! The format of the metrics, and the table of metrics.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use super::table::{
    BATCHES_ACCEPTED, METRICS, QUEUE_AGE, TRANSACTIONS_CATEGORISED, TRANSACTIONS_INSERTED,
};
use super::*;

fn lines(metrics: &Metrics) -> Vec<Value> {
    let now = UNIX_EPOCH + Duration::from_millis(1_761_902_100_123);
    let lines = metrics.take_lines(now);
    assert!(lines.iter().all(|line| !line.contains('\n')));
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn metrics_of_an_invocation_are_one_line() {
    let metrics = Metrics::new("ingest", "prod");
    metrics.count(&BATCHES_ACCEPTED, 1);
    metrics.clone().count(&BATCHES_ACCEPTED, 2);
    metrics.count(&TRANSACTIONS_INSERTED, 0);
    metrics.count(&COLD_STARTS, 1);
    metrics.observe(&QUEUE_AGE, 5);
    metrics.observe(&QUEUE_AGE, 7);
    let expected = json!({
        "_aws": {
            "Timestamp": 1_761_902_100_123_u64,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Tributary",
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        {"Name": "BatchesAccepted", "Unit": "Count"},
                        {"Name": "QueueAge", "Unit": "Milliseconds"},
                        {"Name": "TransactionsInserted", "Unit": "Count"}
                    ]
                },
                {
                    "Namespace": "Tributary",
                    "Dimensions": [["Stack", "Function"]],
                    "Metrics": [{"Name": "ColdStarts", "Unit": "Count"}]
                }
            ]
        },
        "Stack": "prod", "Function": "ingest",
        "BatchesAccepted": 3, "TransactionsInserted": 0, "ColdStarts": 1, "QueueAge": [5, 7]
    });
    assert_eq!(lines(&metrics), [expected]);
    assert!(lines(&metrics).is_empty(), "each is written once");
}

#[test]
fn each_category_has_a_line_of_its_own() {
    let metrics = Metrics::new("enrich", "prod");
    metrics.count_of(&TRANSACTIONS_CATEGORISED, "Food", 2);
    metrics.count_of(&TRANSACTIONS_CATEGORISED, "Income", 1);
    metrics.count_of(&TRANSACTIONS_CATEGORISED, "Food", 1);
    let lines = lines(&metrics);
    assert_eq!(lines.len(), 2);
    for (line, category, count) in [(&lines[0], "Food", 3), (&lines[1], "Income", 1)] {
        assert_eq!(line["Category"], category);
        assert_eq!(line["TransactionsCategorised"], count);
        let dimensions = &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(*dimensions, json!([["Stack", "Category"]]));
    }
}

#[test]
fn line_has_at_most_a_hundred_values_of_a_metric() {
    for (count, expected) in [(100, vec![100]), (101, vec![100, 1])] {
        let metrics = Metrics::new("enrich", "prod");
        for value in 0..count {
            metrics.observe(&QUEUE_AGE, value);
        }
        let lines = lines(&metrics);
        let counts = lines.iter().map(|line| line["QueueAge"].as_array().unwrap().len());
        assert_eq!(counts.collect::<Vec<_>>(), expected);
    }
}

/// The limits of the format: a hundred metrics in a line, thirty dimensions in a set, unique names.
#[test]
fn table_is_valid_in_the_format() {
    assert!(METRICS.len() <= 100);
    let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len());
    for metric in METRICS {
        assert!((1..=30).contains(&metric.dimensions.len()) && !metric.functions.is_empty());
        assert!(metric.dimensions.iter().all(|dimension| !names.contains(dimension.as_str())));
    }
}
