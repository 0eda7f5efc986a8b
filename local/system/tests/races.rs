//! The same thing at the same moment, many times over: it counts once.
#![cfg(test)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::Row;
use tokio::sync::Mutex;
use tributary_system::{System, SystemConfig};

use support::{api_of, connect, eventually, numbered, payload, start, transaction};

const KEY: &str = "Idempotency-Key";

/// Each of these tests starts processes by the dozen: one after the other, or they race for the
/// machine and not with themselves.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_equal_posts_at_the_same_moment_make_one_batch() {
    let _alone = ALONE.lock().await;
    const POSTS: usize = 200;
    let system = start(SystemConfig {
        // As many at once as there are posts, so that none is turned away by a limit of this stack.
        adjust_stack: |stack| {
            stack.reserved_concurrency.insert("ingest".to_owned(), POSTS);
            stack.authorizer_cache_ttl = Duration::from_secs(300);
        },
        ..SystemConfig::throw_away()
    })
    .await;
    let api = api_of(&system);
    // Has the gateway remember the key, which is then not asked for two hundred times, and has as
    // many processes connect as there are posts: an unknown account is refused by the database
    // alone.
    api.post(&json!({})).await.assert_problem(422);
    let mut refused = payload(&[transaction("a", "-1")]);
    refused["accounts"] = json!([]);
    eventually("two hundred processes that are connected", async || {
        let answers = join_all((0..POSTS).map(|_| api.post(&refused))).await;
        answers.iter().all(|answer| answer.status == 422).then_some(())
    })
    .await;

    let body = payload(&[transaction("a", "-1"), transaction("b", "-1")]);
    let answers = join_all((0..POSTS).map(|_| api.post_with(&[(KEY, "key")], &body))).await;
    let mut batch_ids = HashSet::new();
    for answer in &answers {
        if answer.status == 202 {
            batch_ids.insert(answer.json()["batch_id"].to_string());
        } else {
            answer.assert_problem(409);
            assert!(!answer.header("retry-after").is_empty(), "it may be tried again");
        }
    }
    assert_eq!(batch_ids.len(), 1);
    let mut connection = connect(system.database_url()).await;
    for (query, count) in [
        ("select count(*) from batches", 1),
        ("select count(*) from transactions", 2),
        ("select count(*) from idempotency_keys", 1),
    ] {
        assert_eq!(support::number(&mut connection, query).await, count, "{query}");
    }
    drop(connection);
    system.stop().await.unwrap();
}

/// Everything that enrichment writes, of every row, and the sums.
async fn state(system: &System) -> (Vec<(String, String, i32, Option<String>)>, Vec<String>) {
    let mut connection = connect(system.database_url()).await;
    let rows = sqlx::query(
        "select transaction_id, status, attempts, category from transactions order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let rows = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let sums = sqlx::query_scalar(
        "select concat_ws(' ', status, category, sum(transaction_count), sum(spend), sum(income)) \
         from report_deltas group by status, category having sum(transaction_count) <> 0 order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    (rows, sums)
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_and_concurrent_deliveries_of_one_event_change_nothing_more() {
    let _alone = ALONE.lock().await;
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
    let tenant: uuid::Uuid = sqlx::query_scalar("select tenant_id from batches")
        .fetch_one(&mut connect(system.database_url()).await)
        .await
        .unwrap();
    let message = json!({"v": 1, "tenant_id": tenant, "batch_id": batch_id}).to_string();
    let event = json!({"Records": [{
        "messageId": "m-1", "receiptHandle": "r-1", "body": message, "attributes": {},
        "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
    }]})
    .to_string();
    let lambda = system.stack().lambda();
    // A worker that a busy machine does not let connect in time returns its message, as it should;
    // SQS delivers it again, and so does this.
    let deliver_until_accepted = || async {
        eventually("an accepted delivery", async || {
            let outcome = lambda.invoke("enrich", event.clone(), None).await.unwrap();
            let answer: Value = serde_json::from_slice(&outcome.payload).unwrap();
            (answer == json!({"batchItemFailures": []})).then_some(())
        })
        .await;
    };
    let deliver = || join_all((0..10).map(|_| deliver_until_accepted()));

    deliver().await;
    api.finished(&batch_id).await;
    let (rows, sums) = state(&system).await;
    assert_eq!(rows.len(), ROWS);
    assert!(rows.iter().all(|row| row.1 == "completed" && row.2 == 1 && row.3.is_some()));
    assert_eq!(sums, ["completed Shopping 1200 120.00 0"]);

    deliver().await;
    assert_eq!(state(&system).await, (rows, sums));
    system.stop().await.unwrap();
}
