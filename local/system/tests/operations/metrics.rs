//! The functions log exactly the metrics of `METRICS`, with their units and dimensions, and correct
//! values. The alarms and the dashboard of the deployment template use exactly these metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tributary_domain::categorise::Category;
use tributary_lambda::metrics::table::METRICS;
use tributary_system::{System, SystemConfig};

use crate::emf;
use crate::support::{
    Api, api_of, connect, eventually, invoke_relay, log_lines, make_due, payload, removals, start,
    transaction,
};
use crate::template_metrics::{Metric, alarm_metrics, dashboard_metrics, metric};

const STACK: &str = "metrics-test";
const FUNCTIONS: [&str; 7] =
    ["authorize", "ingest", "enrich", "report", "health", "relay", "admin"];

/// The values of each metric, by its name and the value of its dimension other than `Stack`.
type Values = BTreeMap<(String, String), Vec<u64>>;

/// The logged values. Asserts that the metrics conform to the format and to `METRICS`.
fn logged_values(log_directory: &Path) -> Values {
    let mut values = Values::new();
    for function in FUNCTIONS {
        for logged in log_lines(log_directory, function).iter().flat_map(emf::read) {
            let metric = METRICS.iter().find(|metric| metric.name == logged.name);
            let metric = metric.unwrap_or_else(|| panic!("{} is not in METRICS", logged.name));
            assert!(metric.functions.contains(&function), "{function}: {}", logged.name);
            assert_eq!(logged.unit, metric.unit.as_str(), "{}", logged.name);
            let dimensions: BTreeSet<_> = metric.dimensions.iter().map(|it| it.as_str()).collect();
            let found: BTreeSet<_> = logged.dimensions.keys().map(String::as_str).collect();
            assert_eq!(found, dimensions, "{}", logged.name);
            assert_eq!(logged.dimensions["Stack"], STACK);
            let other = logged.dimensions.iter().find(|(name, _)| *name != "Stack");
            let other = other.map(|(_, value)| value.clone()).unwrap_or_default();
            values.entry((logged.name, other)).or_default().extend(logged.values);
        }
    }
    values
}

/// The logged metrics and the names of their dimensions.
fn logged_metrics(log_directory: &Path) -> BTreeSet<Metric> {
    let lines = FUNCTIONS.iter().flat_map(|function| log_lines(log_directory, function));
    let logged = lines.flat_map(|line| emf::read(&line));
    logged.map(|it| metric(&it.name, it.dimensions.keys().map(String::as_str))).collect()
}

fn sum(values: &Values, name: &str) -> u64 {
    values.iter().filter(|((metric, _), _)| metric == name).flat_map(|(_, values)| values).sum()
}

fn values_of<'v>(values: &'v Values, name: &str) -> &'v [u64] {
    values.get(&(name.to_owned(), String::new())).map(Vec::as_slice).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_metrics_match_the_table_and_the_work_done() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(directory.path().to_owned());
    config.relay_interval = None;
    config.timings.announce_after = Duration::ZERO;
    config.adjust_stack = |stack| {
        stack.environment.insert("METRICS_STACK".to_owned(), STACK.to_owned());
    };
    let system = start(config).await;
    let api = api_of(&system);

    accept_batches(&api).await;
    leave_one_message_unsent_and_fail_one_transaction(&system, &api).await;
    invoke_relay(&system).await;
    assert_eq!(api.get("/api/health").await.status, 200);
    system.stack().lambda().invoke("admin", r#"{"operation":"check"}"#, None).await.unwrap();

    let expected_sums = [
        ("BatchesAccepted", 5),
        ("BatchesReplayed", 1),
        ("BatchesRejected", 2),
        ("TransactionsInserted", 5),
        ("TransactionsUpdated", 1),
        ("TransactionsUnchanged", 3),
        ("TransactionsRemoved", 1),
        ("TransactionsCompleted", 5),
        ("TransactionsCategorised", 5),
        ("TransactionsFailed", 1),
        ("TransactionsRetried", 0),
        ("MessagesSent", 1),
        ("AnnounceFailures", 1),
    ];
    let values = eventually("every metric", async || {
        let values = logged_values(directory.path());
        let all = METRICS.iter().all(|metric| values.keys().any(|(name, _)| name == metric.name));
        (all && sum(&values, "TransactionsCompleted") >= 5).then_some(values)
    })
    .await;
    for (name, expected) in expected_sums {
        assert_eq!(sum(&values, name), expected, "{name}: {values:?}");
    }
    // While SQS rejected requests, after the message was sent, and at the end.
    assert_eq!(values_of(&values, "AnnouncementsDue"), [0, 0, 0]);
    let unfinished = values_of(&values, "UnfinishedBatches");
    assert_eq!((unfinished.len(), unfinished[0], unfinished[2]), (3, 1, 0), "{unfinished:?}");
    let ages = values_of(&values, "OldestUnfinishedBatchAge");
    assert!(ages.len() == 3 && ages[0] >= 100 && ages[2] == 0, "{ages:?}");
    // The unchanged batch and that of removals have nothing to enrich.
    let lags = values_of(&values, "EnrichmentLag");
    assert_eq!(lags.len(), 3, "{lags:?}");
    assert!(lags.iter().filter(|lag| **lag >= 100_000).count() == 1, "{lags:?}");
    assert!(values_of(&values, "QueueAge").len() >= 3);
    assert!(values_of(&values, "QueueAge").iter().all(|age| *age < 60_000));

    let categories = values.keys().filter(|(name, _)| name == "TransactionsCategorised");
    for (_, category) in categories {
        assert!(Category::ALL.iter().any(|known| known.as_str() == category), "{category}");
    }
    for function in FUNCTIONS {
        let cold_starts = system.stack().lambda().statistics(function).cold_starts;
        let key = ("ColdStarts".to_owned(), function.to_owned());
        assert_eq!(values[&key].iter().sum::<u64>(), cold_starts, "{function}");
    }

    let (in_alarms, in_dashboard) = (alarm_metrics(), dashboard_metrics());
    assert!(!in_alarms.is_empty() && !in_dashboard.is_empty());
    let in_template: BTreeSet<_> = in_alarms.union(&in_dashboard).cloned().collect();
    assert_eq!(in_template, logged_metrics(directory.path()), "metrics in the template and logs");
    system.stop().await.unwrap();
}

/// Posts a batch twice with one idempotency key, a changed batch, an unchanged batch, a batch of
/// removals, and two invalid bodies.
async fn accept_batches(api: &Api) {
    let body = payload(&["a", "b", "c"].map(|id| transaction(id, "-1")));
    let key = ("idempotency-key", "metrics-1");
    for _ in 0..2 {
        let response = api.post_with(&[key], &body).await;
        assert_eq!(response.status, 202);
        api.finished(response.json()["batch_id"].as_str().unwrap()).await;
    }
    let changed = payload(&[transaction("a", "-2"), transaction("b", "-1")]);
    api.finished(&api.accept(&changed).await).await;
    api.accept(&changed).await;
    api.accept(&removals(&["c", "unknown"])).await;
    for rejected in [json!({}), Value::Null] {
        assert!((400..500).contains(&api.post(&rejected).await.status));
    }
    // Not counted as a rejected batch.
    assert_eq!(api.get("/api/batches/unknown").await.status, 404);
}

/// Posts a batch while SQS rejects requests. One of its two transactions has no attempts left.
async fn leave_one_message_unsent_and_fail_one_transaction(system: &System, api: &Api) {
    let faults = system.sqs().unwrap().faults();
    faults.reject_all_requests(true);
    let batch_id = api.accept(&payload(&["d", "e"].map(|id| transaction(id, "-1")))).await;
    let mut connection = connect(system.database_url()).await;
    for statement in [
        "update slices set last_position = 0",
        "insert into slices (tenant_id, batch_id, first_position, last_position, attempts) \
         select tenant_id, batch_id, 1, 1, 5 from slices",
        "update batches set accepted_at = accepted_at - interval '100 seconds' \
         where finished_at is null",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    invoke_relay(system).await;
    faults.reject_all_requests(false);
    // The batch is due again in a minute.
    make_due(&mut connection).await;
    invoke_relay(system).await;
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["failed"], 1);
}
