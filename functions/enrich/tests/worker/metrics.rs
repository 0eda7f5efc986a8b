//! The metrics of a worker.

use std::collections::BTreeMap;
use std::time::SystemTime;

use enrich::Ending;
use serde_json::Value;
use tributary_domain::categorise::Category;
use tributary_lambda::metrics::Metrics;

use crate::bench::{Bench, Scripted, is, permanent, transient};

/// The sum of each metric by name and category, or the number of its values.
fn measured(metrics: &Metrics) -> BTreeMap<String, u64> {
    let mut measured = BTreeMap::new();
    for line in metrics.take_lines(SystemTime::now()) {
        let line: Value = serde_json::from_str(&line).unwrap();
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                let key = [Some(name), line["Category"].as_str()];
                let key = key.into_iter().flatten().collect::<Vec<_>>().join(" ");
                let value = match &line[name] {
                    Value::Array(values) => u64::try_from(values.len()).unwrap(),
                    sum => sum.as_u64().unwrap(),
                };
                *measured.entry(key).or_default() += value;
            }
        }
    }
    measured
}

fn expected(sums: &[(&str, u64)]) -> BTreeMap<String, u64> {
    sums.iter().map(|(name, sum)| ((*name).to_owned(), *sum)).collect()
}

#[tokio::test]
async fn rows_and_batches_are_counted_by_outcome() {
    let bench = Bench::with_batch(4).await;
    let first = bench.worker(Scripted::new(|id: &str| match id {
        "tx_0000" => permanent("no words"),
        "tx_0001" => transient(),
        _ => is(Category::Food),
    }));
    assert_eq!(bench.work(&first).await.unwrap(), Ending::RetryLater);
    let sums = [
        ("TransactionsCategorised Food", 2),
        ("TransactionsCompleted", 2),
        ("TransactionsFailed", 1),
        ("TransactionsRetried", 1),
    ];
    assert_eq!(measured(&bench.metrics), expected(&sums));

    let second = bench.worker(Scripted::new(|_: &str| is(Category::Food)));
    for _ in 0..2 {
        assert_eq!(bench.work(&second).await.unwrap(), Ending::NothingLeft);
    }
    let sums = [
        ("EnrichmentLag", 1),
        ("TransactionsCategorised Food", 1),
        ("TransactionsCompleted", 1),
        ("TransactionsFailed", 0),
        ("TransactionsRetried", 0),
    ];
    assert_eq!(measured(&bench.metrics), expected(&sums), "the second run found nothing to count");
}

#[tokio::test]
async fn rows_claimed_by_others_are_not_counted() {
    let bench = Bench::with_batch(2).await;
    let url = bench.database.url().to_owned();
    // Another worker claims the slice during categorisation.
    let worker = bench.worker(Scripted::new(move |id: &str| {
        if id == "tx_0000" {
            replace_lease(&url);
        }
        is(Category::Food)
    }));
    bench.work(&worker).await.unwrap();
    assert_eq!(measured(&bench.metrics)["TransactionsCompleted"], 0);
}

/// Gives the slice to another worker. Runs on its own thread, because a categoriser cannot
/// await it.
fn replace_lease(url: &str) {
    let url = url.to_owned();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::query("update slices set token = gen_random_uuid()")
                .execute(&mut connection)
                .await
                .unwrap();
        });
    });
    thread.join().unwrap();
}
