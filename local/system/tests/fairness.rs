//! One tenant's flood of large batches does not delay another tenant's batch.
#![cfg(test)]

mod support;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tributary_system::SystemConfig;
use uuid::Uuid;

use support::{
    Api, account, api_of, connect, create_key, eventually, log_lines, number, numbered,
    start_embedded,
};

/// The clients of the flood. Each sends one large batch after the other.
const CLIENTS: usize = 8;
/// How many slices of the flood are unfinished when the other tenant sends its batch.
const BACKLOG_SLICES: i64 = 60;

/// A batch of 10,000 transactions of its own.
fn large_batch() -> Value {
    let mut body = numbered(10_000, "-0.10");
    let name = Uuid::now_v7().to_string();
    body["accounts"] = json!([account(&name)]);
    body["request_id"] = json!(name);
    for (index, transaction) in body["transactions"].as_array_mut().unwrap().iter_mut().enumerate()
    {
        transaction["transaction_id"] = json!(format!("{name}_{index}"));
        transaction["account_id"] = json!(name);
    }
    body
}

/// Sends large batches until it is aborted. Each is accepted, or repeated after a 429.
async fn flood(api: Api) {
    loop {
        let body = large_batch();
        loop {
            let response = api.post(&body).await;
            match response.status {
                202 => break,
                429 => {
                    response.assert_problem(429);
                    let seconds: u64 = response.header("retry-after").parse().unwrap();
                    assert!((1..=60).contains(&seconds), "{seconds}");
                    // Sooner than that, so that the flood is as dense as possible.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                status => panic!("{status}: {}", response.text),
            }
        }
    }
}

/// The batches of each invocation of the only worker, in order, and when it began.
fn turns(lines: &[Value]) -> Vec<(DateTime<Utc>, Vec<&str>)> {
    let mut turns = vec![];
    // Each invocation ends with a line of metrics.
    for turn in lines.split(|line| line.get("_aws").is_some()) {
        let started: Vec<_> =
            turn.iter().filter(|line| line["message"] == "enrichment started").collect();
        let batches = started.iter().map(|line| line["span"]["batch_id"].as_str().unwrap());
        let begun = started.iter().map(|line| line["timestamp"].as_str().unwrap().parse().unwrap());
        if let Some(begun) = begun.min() {
            turns.push((begun, batches.collect()));
        }
    }
    turns
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_of_one_tenant_delays_another_one_by_at_most_a_turn() {
    let logs = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(logs.path().to_owned());
    config.enrich_concurrency = 1;
    config.relay_interval = None;
    let system = start_embedded(config).await;
    let loud = api_of(&system);
    let quiet = loud.with_key(Some(&create_key(&system, "quiet").await));

    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(flood(loud.clone()));
    }
    let mut connection = connect(system.database_url()).await;
    eventually("the flood", async || {
        let slices = number(&mut connection, "select count(*) from slices").await;
        (slices >= BACKLOG_SLICES).then_some(())
    })
    .await;
    let batch_id = quiet.accept(&numbered(15, "-1")).await;
    let batch = quiet.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["completed"], 15);
    assert!(clients.try_join_next().is_none(), "the flood goes on");
    clients.shutdown().await;
    let left = number(&mut connection, "select count(*) from slices").await;
    assert!(left > BACKLOG_SLICES / 2, "the flood had more work than that: {left}");

    let accepted_at: DateTime<Utc> = batch["accepted_at"].as_str().unwrap().parse().unwrap();
    let lines = log_lines(logs.path(), "enrich");
    let turns = turns(&lines);
    let own = turns.iter().position(|(_, batches)| batches.contains(&&*batch_id)).unwrap();
    let before = turns[..own].iter().filter(|(begun, _)| *begun > accepted_at).count();
    assert!(before <= 1, "{before} turns of the flood: {turns:?}");
    system.stop().await.unwrap();
}
