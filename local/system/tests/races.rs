//! Concurrent equal requests and concurrent deliveries of one event take effect once.
#![cfg(test)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::Row;
use tokio::sync::Mutex;
use tributary_system::{System, SystemConfig};

use support::{
    api_of, connect, eventually, invoke_relay, number, numbered, payload, queue_message, start,
    tenant_id, transaction,
};

const KEY: &str = "Idempotency-Key";

/// Runs these tests one at a time, because each starts many processes.
static EXCLUSIVE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_equal_posts_create_one_batch() {
    let _guard = EXCLUSIVE.lock().await;
    const POSTS: usize = 200;
    let system = start(SystemConfig {
        // Enough environments that no request is throttled.
        adjust_stack: |stack| {
            stack.reserved_concurrency.insert("ingest".to_owned(), POSTS);
            stack.authorizer_cache_ttl = Duration::from_secs(300);
        },
        ..SystemConfig::throw_away()
    })
    .await;
    let api = api_of(&system);
    // The gateway caches the policy of the key, so that the authorizer is not invoked 200 times.
    api.post(&json!({})).await.assert_problem(422);
    // Starts and connects 200 processes: only the database can reject an unknown account, or more
    // batches of one tenant at once than its limit.
    let mut rejected = payload(&[transaction("a", "-1")]);
    rejected["accounts"] = json!([]);
    eventually("200 connected processes", async || {
        let responses = join_all((0..POSTS).map(|_| api.post(&rejected))).await;
        responses.iter().all(|it| matches!(it.status, 422 | 429)).then_some(())
    })
    .await;

    let body = payload(&[transaction("a", "-1"), transaction("b", "-1")]);
    let responses = join_all((0..POSTS).map(|_| api.post_with(&[(KEY, "key")], &body))).await;
    let mut batch_ids = HashSet::new();
    for response in &responses {
        if response.status == 202 {
            batch_ids.insert(response.json()["batch_id"].to_string());
        } else {
            response.assert_problem(409);
            assert!(!response.header("retry-after").is_empty(), "the client may retry");
        }
    }
    assert_eq!(batch_ids.len(), 1);
    let mut connection = connect(system.database_url()).await;
    for (query, count) in [
        ("select count(*) from batches", 1),
        ("select count(*) from transactions", 2),
        ("select count(*) from batches where idempotency_key is not null", 1),
    ] {
        assert_eq!(number(&mut connection, query).await, count, "{query}");
    }
    drop(connection);
    system.stop().await.unwrap();
}

/// The columns that enrichment writes of every transaction, and the report sums.
async fn enrichment_state(
    system: &System,
) -> (Vec<(String, String, i32, Option<String>)>, Vec<String>) {
    // Folds what is left of the sums.
    invoke_relay(system).await;
    let mut connection = connect(system.database_url()).await;
    let rows = sqlx::query(
        "select transaction_id, status, attempts, category from transactions order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let rows = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let sums = sqlx::query_scalar(
        "select concat_ws(' ', state, kind, category, sum(transaction_count), sum(amount)) \
         from report_days group by state, kind, category \
         having sum(transaction_count) <> 0 order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    (rows, sums)
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_concurrent_deliveries_of_one_event_take_effect_once() {
    let _guard = EXCLUSIVE.lock().await;
    const ROWS: usize = 1_200;
    let system = start(SystemConfig {
        relay_interval: None,
        simulated_latency: Some("20-60".to_owned()),
        adjust_stack: |stack| {
            stack.reserved_concurrency.insert("enrich".to_owned(), 20);
        },
        ..SystemConfig::throw_away()
    })
    .await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(ROWS, "-0.10")).await;
    let message = queue_message(tenant_id(&system).await, &batch_id);
    let event = json!({"Records": [{
        "messageId": "m-1", "receiptHandle": "r-1", "body": message, "attributes": {},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
    .to_string();
    let lambda = system.stack().lambda();
    // On a busy machine a worker may fail to connect in time. Like SQS, this delivers the message
    // again.
    let deliver_until_accepted = || async {
        eventually("an accepted delivery", async || {
            let invocation = lambda.invoke("enrich", event.clone(), None).await.unwrap();
            let response: Value = serde_json::from_slice(&invocation.payload).unwrap();
            (response == json!({"batchItemFailures": []})).then_some(())
        })
        .await;
    };
    let deliver = || join_all((0..10).map(|_| deliver_until_accepted()));

    deliver().await;
    api.finished(&batch_id).await;
    let (rows, sums) = enrichment_state(&system).await;
    assert_eq!(rows.len(), ROWS);
    assert!(rows.iter().all(|row| row.1 == "completed" && row.2 == 1 && row.3.is_some()));
    assert_eq!(sums, ["completed spend Shopping 1200 120.00"]);

    deliver().await;
    assert_eq!(enrichment_state(&system).await, (rows, sums));
    system.stop().await.unwrap();
}
