//! The whole stack, with the test function as the binary of every function.
#![cfg(test)]

mod rig;
#[path = "rig/sqs.rs"]
mod sqs;

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tributary_lambda::functions::FUNCTIONS;
use tributary_stack::{Stack, StackConfig, StackError};

use rig::{echo_function, eventually, is_alive};
use sqs::{Depth, EMPTY, Queue};

/// A folder in which the binary of every function is the test function.
fn binaries() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for function in FUNCTIONS {
        symlink(echo_function(), folder.path().join(function.name)).unwrap();
    }
    folder
}

fn behaviour(command: &Value) -> BTreeMap<String, String> {
    BTreeMap::from([("BEHAVIOUR".to_owned(), command.to_string())])
}

fn config(binaries: &TempDir, queue: &Queue) -> StackConfig {
    let endpoint = queue.server.endpoint_url();
    let mut config =
        StackConfig::new(binaries.path(), "postgres://localhost/db", endpoint, &queue.url);
    config.function_environment = BTreeMap::from([
        ("health".to_owned(), behaviour(&json!({"do": "echo_http"}))),
        ("enrich".to_owned(), behaviour(&json!({"do": "batch"}))),
        ("relay".to_owned(), behaviour(&json!({"do": "echo"}))),
    ]);
    config
}

#[tokio::test]
async fn stack_serves_http_and_consumes_the_queue_and_runs_the_schedule() {
    let (binaries, queue) = (binaries(), Queue::create(60).await);
    let mut config = config(&binaries, &queue);
    config.relay_interval = Some(Duration::from_millis(100));
    config.environment.insert("TEST_RUN".to_owned(), "1".to_owned());
    config.log_directory = Some(binaries.path().join("logs"));
    let stack = Stack::start(config).await.unwrap();

    let health = reqwest::get(stack.url() + "/api/health/").await.unwrap();
    assert_eq!(health.status(), 200);
    queue.send(&["a", "b"]).await;
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    eventually("two scheduled invocations", async || {
        stack.lambda().statistics("relay").successes >= 2
    })
    .await;

    let relay = stack.lambda().invoke("relay", r#"{"do": "echo"}"#, None).await.unwrap();
    let relay: Value = serde_json::from_slice(&relay.payload).unwrap();
    let environment = &relay["environment"];
    assert_eq!(environment["DATABASE_URL"], "postgres://localhost/db");
    assert_eq!(environment["QUEUE_URL"], queue.url);
    assert_eq!(environment["AWS_ENDPOINT_URL_SQS"], queue.server.endpoint_url());
    assert_eq!(environment["TEST_RUN"], "1");

    let pids: Vec<_> = stack.lambda().environments().iter().map(|running| running.pid).collect();
    assert_eq!(pids.len(), 3);
    let url = stack.url();
    stack.stop().await;
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert!(reqwest::get(url).await.unwrap_err().is_connect());
    for function in ["health", "enrich", "relay"] {
        assert!(binaries.path().join(format!("logs/{function}.log")).is_file());
    }
}

#[tokio::test]
async fn stack_with_a_used_port_or_a_missing_binary_does_not_start() {
    let (binaries, queue) = (binaries(), Queue::create(60).await);
    let mut config = config(&binaries, &queue);
    let stack = Stack::start(config.clone()).await.unwrap();
    config.gateway_port = stack.url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(matches!(Stack::start(config.clone()).await, Err(StackError::Gateway { .. })));
    stack.stop().await;
    std::fs::remove_file(binaries.path().join("report")).unwrap();
    assert!(matches!(Stack::start(config).await, Err(StackError::BinaryMissing(_))));
}

#[tokio::test]
async fn stop_interrupts_a_slow_batch_and_its_messages_remain() {
    let (binaries, queue) = (binaries(), Queue::create(60).await);
    let mut config = config(&binaries, &queue);
    let slow = behaviour(&json!({"do": "sleep", "ms": 60_000}));
    config.function_environment.insert("enrich".to_owned(), slow);
    let stack = Stack::start(config).await.unwrap();
    queue.send(&["a"]).await;
    eventually("a busy function", async || !stack.lambda().environments().is_empty()).await;
    let pid = stack.lambda().environments()[0].pid;
    let started = Instant::now();
    stack.stop().await;
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(!is_alive(pid));
    assert_eq!(queue.depth().await, Depth { visible: 0, in_flight: 1 });
}
