//! The functions log every metric of the table, with its unit and dimensions, and nothing else;
//! their sums are those of what was done. And the deployment template's alarms and dashboard ask
//! for what a run logs, by name and by dimensions, and leave out none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tributary_domain::categorise::Category;
use tributary_lambda::metrics::table::METRICS;
use tributary_system::{System, SystemConfig};

use crate::support::{Api, api_of, connect, eventually, payload, start, transaction};
use crate::template_metrics::{Metric, alarmed, metric, shown};
use crate::{emf, lines_of};

const STACK: &str = "metrics-test";
const FUNCTIONS: [&str; 7] =
    ["authorize", "ingest", "enrich", "report", "health", "relay", "admin"];

/// The values of each metric, by its name and what it is told apart by beside the stack.
type Values = BTreeMap<(String, String), Vec<u64>>;

/// What all functions have logged, held to the format and to the table.
fn measured(log_directory: &Path) -> Values {
    let mut values = Values::new();
    for function in FUNCTIONS {
        for one in lines_of(log_directory, function).iter().flat_map(emf::read) {
            let metric = METRICS.iter().find(|metric| metric.name == one.name);
            let metric = metric.unwrap_or_else(|| panic!("{} is not in the table", one.name));
            assert!(metric.functions.contains(&function), "{function}: {}", one.name);
            assert_eq!(one.unit, metric.unit.as_str(), "{}", one.name);
            let dimensions: BTreeSet<_> = metric.dimensions.iter().map(|it| it.as_str()).collect();
            let found: BTreeSet<_> = one.dimensions.keys().map(String::as_str).collect();
            assert_eq!(found, dimensions, "{}", one.name);
            assert_eq!(one.dimensions["Stack"], STACK);
            let own = one.dimensions.iter().find(|(name, _)| *name != "Stack");
            let own = own.map(|(_, value)| value.clone()).unwrap_or_default();
            values.entry((one.name, own)).or_default().extend(one.values);
        }
    }
    values
}

/// What all functions have logged, by name and by the names of dimensions.
fn logged(log_directory: &Path) -> BTreeSet<Metric> {
    let lines = FUNCTIONS.iter().flat_map(|function| lines_of(log_directory, function));
    let measured = lines.flat_map(|line| emf::read(&line));
    measured.map(|one| metric(&one.name, one.dimensions.keys().map(String::as_str))).collect()
}

fn sum(values: &Values, name: &str) -> u64 {
    values.iter().filter(|((of, _), _)| of == name).flat_map(|(_, values)| values).sum()
}

fn values_of<'v>(values: &'v Values, name: &str) -> &'v [u64] {
    values.get(&(name.to_owned(), String::new())).map(Vec::as_slice).unwrap_or_default()
}

async fn relay(system: &System) {
    system.stack().lambda().invoke("relay", "{}", None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_metrics_match_the_table_and_the_work_done() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(directory.path().to_owned());
    config.relay_interval = None;
    config.timings.unsent_age = Duration::ZERO;
    config.adjust_stack = |stack| {
        stack.environment.insert("METRICS_STACK".to_owned(), STACK.to_owned());
    };
    let system = start(config).await;
    let api = api_of(&system);

    accept_batches(&api).await;
    leave_one_message_unsent_and_fail_one_transaction(&system, &api).await;
    relay(&system).await;
    assert_eq!(api.get("/api/health").await.status, 200);
    system.stack().lambda().invoke("admin", r#"{"operation":"check"}"#, None).await.unwrap();

    let wanted = [
        ("BatchesAccepted", 4),
        ("BatchesReplayed", 1),
        ("BatchesRejected", 2),
        ("TransactionsInserted", 5),
        ("TransactionsUpdated", 1),
        ("TransactionsUnchanged", 3),
        ("TransactionsCompleted", 5),
        ("TransactionsCategorised", 5),
        ("TransactionsFailed", 1),
        ("TransactionsRetried", 0),
        ("MessagesSent", 1),
    ];
    let values = eventually("every sum", async || {
        let values = measured(directory.path());
        let all = METRICS.iter().all(|metric| values.keys().any(|(name, _)| name == metric.name));
        (all && sum(&values, "TransactionsCompleted") >= 5).then_some(values)
    })
    .await;
    for (name, expected) in wanted {
        assert_eq!(sum(&values, name), expected, "{name}: {values:?}");
    }
    // While SQS rejected requests, after the message was sent, and at the end.
    assert_eq!(values_of(&values, "MessagesUnsent"), [1, 0, 0]);
    let unfinished = values_of(&values, "UnfinishedBatches");
    assert_eq!((unfinished.len(), unfinished[0], unfinished[2]), (3, 1, 0), "{unfinished:?}");
    let ages = values_of(&values, "OldestUnfinishedBatchAge");
    assert!(ages.len() == 3 && ages[0] >= 100 && ages[2] == 0, "{ages:?}");
    // The batch that changed nothing had no work, and no end of its own.
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

    let (alarmed, shown) = (alarmed(), shown());
    assert!(!alarmed.is_empty() && !shown.is_empty());
    let referenced: BTreeSet<_> = alarmed.union(&shown).cloned().collect();
    assert_eq!(referenced, logged(directory.path()), "metrics in the template and in the logs");
    system.stop().await.unwrap();
}

/// Posts a new batch twice under one key, a changed one, an unchanged one, and two invalid bodies.
async fn accept_batches(api: &Api) {
    let body = payload(&["a", "b", "c"].map(|id| transaction(id, "-1")));
    let key = ("idempotency-key", "metrics-1");
    for _ in 0..2 {
        let answer = api.post_with(&[key], &body).await;
        assert_eq!(answer.status, 202);
        api.finished(answer.json()["batch_id"].as_str().unwrap()).await;
    }
    let changed = payload(&[transaction("a", "-2"), transaction("b", "-1")]);
    api.finished(&api.accept(&changed).await).await;
    api.accept(&changed).await;
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
        "update transactions set attempts = 5 where transaction_id = 'e'",
        "update batches set accepted_at = accepted_at - interval '100 seconds' \
         where finished_at is null",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    relay(system).await;
    faults.reject_all_requests(false);
    relay(system).await;
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["failed"], 1);
}
