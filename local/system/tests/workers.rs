//! Several workers on one batch, workers that die, and workers that wait.
#![cfg(test)]

mod support;

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tributary_queue::{DeadLetters, Redrive};
use tributary_stack::lambda::Pick;
use tributary_system::{System, SystemConfig, Timings, sqs_client};

use support::{api_of, connect, eventually, number, numbered, start};

fn all_completed(count: u64) -> Value {
    json!({"pending": 0, "processing": 0, "completed": count, "failed": 0})
}

async fn send(system: &System, body: &str) {
    let client = sqs_client(system.sqs_endpoint_url()).await;
    let send = client.send_message().queue_url(&system.queues().queue);
    send.message_body(body).send().await.unwrap();
}

/// Sends a batch's message once more: equal messages are harmless, and bring in more workers.
async fn send_again(system: &System, batch_id: &str) {
    let tenant: uuid::Uuid = sqlx::query_scalar("select tenant_id from batches")
        .fetch_one(&mut connect(system.database_url()).await)
        .await
        .unwrap();
    let body = json!({"v": 1, "tenant_id": tenant, "batch_id": batch_id});
    send(system, &body.to_string()).await;
}

/// The ids of the rows that are held, by the token they are held under.
async fn held(system: &System) -> Vec<(uuid::Uuid, Vec<String>)> {
    sqlx::query_as(
        "select lease_token, array_agg(transaction_id) from transactions \
         where status = 'processing' group by lease_token",
    )
    .fetch_all(&mut connect(system.database_url()).await)
    .await
    .unwrap()
}

fn enrich_pids(system: &System) -> HashSet<u32> {
    let environments = system.stack().lambda().environments().into_iter();
    environments.filter(|it| it.function == "enrich").map(|it| it.pid).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_one_batch_categorise_every_row_exactly_once() {
    let mut config = SystemConfig::throw_away();
    // Longer than a second worker takes to start, so that both are on the batch at once.
    config.simulated_latency = Some("1500-2000".to_owned());
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1_000, "-0.10")).await;
    send_again(&system, &batch_id).await;
    send_again(&system, &batch_id).await;

    let both = eventually("two workers that hold rows of the batch at once", async || {
        Some(held(&system).await).filter(|held| held.len() >= 2)
    })
    .await;
    let ids: HashSet<_> = both.iter().flat_map(|(_, ids)| ids).collect();
    assert_eq!(ids.len(), both.iter().map(|(_, ids)| ids.len()).sum::<usize>(), "held by one only");
    assert!(enrich_pids(&system).len() >= 2, "in processes of their own");

    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"], all_completed(1_000));
    let mut connection = connect(system.database_url()).await;
    let attempts = "select count(*) from transactions where attempts = 1 and status = 'completed'";
    assert_eq!(number(&mut connection, attempts).await, 1_000);
    let summary = api.settled_summary("acc", "").await.text;
    assert!(summary.contains(r#""total_transactions":1000,"total_spend":100.00,"#), "{summary}");
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_killed_worker_are_finished_by_another_after_the_lease() {
    let mut config = SystemConfig::throw_away();
    // Long enough that the worker is killed over its first rows, also on a busy machine, and one at
    // a time.
    config.simulated_latency = Some("3000-3500".to_owned());
    config.enrich_concurrency = 1;
    config.relay_interval = None;
    config.timings = Timings {
        enrich_timeout: Duration::from_secs(20),
        stop_before_deadline: Duration::from_secs(5),
        lease: Duration::from_secs(6),
        visibility_timeout: Duration::from_secs(8),
        ..Timings::default()
    };
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1_000, "-0.10")).await;
    let before = eventually("a worker that holds rows", async || {
        Some(held(&system).await).filter(|held| !held.is_empty())
    })
    .await;
    let killed = system.stack().lambda().kill("enrich", Pick::Busy).await;
    assert!(killed.is_some(), "it was still at work");
    let after = held(&system).await;
    assert_eq!(after, before, "it held the rows when it ended");
    let orphans: Vec<_> = before.into_iter().flat_map(|(_, ids)| ids).collect();
    assert_eq!(orphans.len(), 500);

    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"], all_completed(1_000), "none is lost");
    let attempts: Vec<i32> =
        sqlx::query_scalar("select attempts from transactions where transaction_id = any($1)")
            .bind(&orphans)
            .fetch_all(&mut connect(system.database_url()).await)
            .await
            .unwrap();
    assert_eq!(attempts.len(), orphans.len());
    assert!(attempts.iter().all(|attempts| *attempts >= 2), "{attempts:?}");
    let summary = api.settled_summary("acc", "").await.text;
    assert!(
        summary.contains(
            r#""total_transactions":1000,"total_spend":100.00,"total_income":0.00,"net":-100.00"#
        ),
        "{summary}"
    );
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_transactions_are_categorised_concurrently() {
    let mut config = SystemConfig::throw_away();
    config.simulated_latency = Some("500-1000".to_owned());
    let system = start(config).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(15, "-1")).await;
    let batch = api.finished(&batch_id).await;
    let time = |field: &str| batch[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let took = time("finished_at") - time("accepted_at");
    // One after the other they would take 7.5 s at least.
    assert!(took.num_milliseconds() < 5_000, "{took}");
    assert!(took.num_milliseconds() >= 500, "the latency was simulated: {took}");
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_message_ends_in_the_dead_letter_queue_and_blocks_no_other() {
    let mut config = SystemConfig::throw_away();
    config.timings.visibility_timeout = Duration::from_secs(1);
    let system = start(config).await;
    let unreadable = r#"{"v": 2, "batch_id": "later"}"#;
    send(&system, unreadable).await;
    let api = api_of(&system);
    let batch_id = api.accept(&numbered(1, "-1")).await;
    api.finished(&batch_id).await;

    let queue_url = system.queues().dead_letter_queue.clone();
    let letters = DeadLetters::new(sqs_client(system.sqs_endpoint_url()).await, queue_url);
    for round in 0..2 {
        let dead = eventually("the message in the dead-letter queue", async || {
            letters.list(10).await.unwrap().pop()
        })
        .await;
        assert_eq!(dead.body, unreadable, "whole, as it was sent, round {round}");
        assert_eq!(letters.count().await.unwrap(), 1, "looked at, and still there");
        // Sent back, it is given up again.
        letters.redrive().await.unwrap();
        eventually("the end of the redrive", async || {
            letters.last_redrive().await.unwrap().filter(Redrive::has_ended)
        })
        .await;
    }
    system.stop().await.unwrap();
}
