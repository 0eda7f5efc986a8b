//! What a worker measures: rows as they were written, batches as they end.

use std::collections::BTreeMap;
use std::time::SystemTime;

use enrich::Ending;
use serde_json::Value;
use tributary_domain::categorise::Category;
use tributary_lambda::metrics::Metrics;

use crate::bench::{Bench, Says, is, permanent, transient};

/// The sums of what was measured, by metric and category; of values the number.
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
async fn rows_are_counted_by_how_they_ended_and_a_batch_by_its_end() {
    let bench = Bench::with_batch(4).await;
    let first = bench.worker(Says::new(|id: &str| match id {
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

    let second = bench.worker(Says::new(|_: &str| is(Category::Food)));
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
    assert_eq!(measured(&bench.metrics), expected(&sums), "the second turn found nothing to count");
}

#[tokio::test]
async fn rows_that_were_taken_over_are_not_counted() {
    let bench = Bench::with_batch(2).await;
    let url = bench.database.url().to_owned();
    // While it is categorised, the row's lease goes to another.
    let worker = bench.worker(Says::new(move |id: &str| {
        if id == "tx_0000" {
            steal(&url);
        }
        is(Category::Food)
    }));
    bench.work(&worker).await.unwrap();
    assert_eq!(measured(&bench.metrics)["TransactionsCompleted"], 1);
}

/// From within a categoriser, which is no place to wait: on a thread of its own.
fn steal(url: &str) {
    let url = url.to_owned();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::query(
                "update transactions set lease_token = gen_random_uuid() \
                 where transaction_id = 'tx_0000'",
            )
            .execute(&mut connection)
            .await
            .unwrap();
        });
    });
    thread.join().unwrap();
}
