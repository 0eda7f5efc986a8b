//! The event source mapping between the embedded SQS and real function processes.
#![cfg(test)]

mod rig;
#[path = "rig/sqs.rs"]
mod sqs;

use std::time::{Duration, Instant};

use serde_json::json;
use tributary_sqs::SqsServer;
use tributary_stack::Lambda;
use tributary_stack::event_source::{EventSource, EventSourceConfig};
use tributary_stack::lambda::FunctionConfig;

use rig::{eventually, function_that, lambda};
use sqs::{Depth, EMPTY, Queue};

/// Longer than any test, so that a failed message is not delivered again during one.
const VISIBILITY_SECONDS: u32 = 60;

fn batches() -> FunctionConfig {
    function_that("enrich", &json!({"do": "batch"}))
}

fn start(queue: &Queue, lambda: &Lambda, concurrency: usize) -> EventSource {
    let config = EventSourceConfig {
        function: "enrich".to_owned(),
        endpoint_url: queue.server.endpoint_url(),
        queue_url: queue.url.clone(),
        region: "us-east-1".to_owned(),
        concurrency,
        batch_size: 10,
    };
    EventSource::start(&config, lambda)
}

#[tokio::test]
async fn messages_of_a_successful_batch_are_deleted() {
    let queue = Queue::create(VISIBILITY_SECONDS).await;
    let lambda = lambda(vec![batches()]).await;
    queue.send(&["a"; 10]).await;
    queue.send(&["b"; 5]).await;
    let source = start(&queue, &lambda, 2);
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    assert!(lambda.statistics("enrich").successes >= 2);
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn only_failed_messages_of_a_batch_remain() {
    let queue = Queue::create(VISIBILITY_SECONDS).await;
    let lambda = lambda(vec![batches()]).await;
    queue.send(&["a", "fail", "b", "fail", "c"]).await;
    let source = start(&queue, &lambda, 1);
    let expected = Depth { visible: 0, in_flight: 2 };
    eventually("two messages", async || queue.depth().await == expected).await;
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn failed_message_is_delivered_again_after_its_visibility_timeout() {
    let queue = Queue::create(1).await;
    let lambda = lambda(vec![batches()]).await;
    queue.send(&["fail"]).await;
    let source = start(&queue, &lambda, 1);
    eventually("three deliveries", async || lambda.statistics("enrich").successes >= 3).await;
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn crash_or_error_or_malformed_response_fails_the_whole_batch() {
    for (behaviour, bodies) in [
        (json!({"do": "batch"}), ["a", "crash", "b"]),
        (json!({"do": "fail"}), ["a", "b", "c"]),
        (json!({"do": "respond", "with": "done"}), ["a", "b", "c"]),
        (
            json!({"do": "respond", "with": {"batchItemFailures": [{"itemIdentifier": "other"}]}}),
            ["a", "b", "c"],
        ),
    ] {
        let queue = Queue::create(VISIBILITY_SECONDS).await;
        let lambda = lambda(vec![function_that("enrich", &behaviour)]).await;
        queue.send(&bodies).await;
        let source = start(&queue, &lambda, 1);
        eventually("the invocation", async || {
            let statistics = lambda.statistics("enrich");
            statistics.successes + statistics.errors + statistics.crashes == 1
        })
        .await;
        // Waits until the poller has processed the response.
        source.stop().await;
        assert_eq!(queue.depth().await, Depth { visible: 0, in_flight: 3 }, "{behaviour}");
        lambda.stop().await;
    }
}

#[tokio::test]
async fn throttled_batch_is_delivered_again() {
    let queue = Queue::create(1).await;
    let mut slow = batches();
    slow.max_concurrency = 1;
    slow.environment.insert("BEHAVIOUR".to_owned(), json!({"do": "sleep", "ms": 300}).to_string());
    let lambda = lambda(vec![slow]).await;
    let occupied = lambda.invoke("enrich", "{}", None);
    let source = async {
        eventually("a busy function", async || !lambda.environments().is_empty()).await;
        queue.send(&["a"]).await;
        start(&queue, &lambda, 1)
    };
    let (occupied, source) = tokio::join!(occupied, source);
    occupied.unwrap();
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    let statistics = lambda.statistics("enrich");
    assert!(statistics.throttles >= 1, "{statistics:?}");
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn maximum_concurrency_limits_concurrent_batches() {
    let queue = Queue::create(VISIBILITY_SECONDS).await;
    let behaviour = json!({"do": "sleep", "ms": 100});
    let lambda = lambda(vec![function_that("enrich", &behaviour)]).await;
    for _ in 0..6 {
        queue.send(&["a"; 10]).await;
    }
    let source = start(&queue, &lambda, 3);
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    assert_eq!(lambda.statistics("enrich").cold_starts, 3);
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn pollers_continue_after_sqs_rejected_requests() {
    let queue = Queue::create(VISIBILITY_SECONDS).await;
    let lambda = lambda(vec![batches()]).await;
    queue.send(&["a", "b"]).await;
    queue.server.faults().reject_all_requests(true);
    let source = start(&queue, &lambda, 2);
    eventually("two rejected requests", async || queue.server.faults().rejected() >= 2).await;
    queue.server.faults().reject_all_requests(false);
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    source.stop().await;
    lambda.stop().await;
}

#[tokio::test]
async fn stop_does_not_wait_for_a_long_poll_or_an_unavailable_sqs() {
    let queue = Queue::create(VISIBILITY_SECONDS).await;
    let lambda = lambda(vec![batches()]).await;
    let source = start(&queue, &lambda, 4);
    queue.send(&["a"]).await;
    eventually("an empty queue", async || queue.depth().await == EMPTY).await;
    let started = Instant::now();
    source.stop().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let unavailable = SqsServer::start(0).await.unwrap();
    let config = EventSourceConfig {
        function: "enrich".to_owned(),
        endpoint_url: unavailable.endpoint_url(),
        queue_url: format!("{}/000000000000/work", unavailable.endpoint_url()),
        region: "us-east-1".to_owned(),
        concurrency: 2,
        batch_size: 10,
    };
    unavailable.stop().await;
    let source = EventSource::start(&config, &lambda);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    source.stop().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    lambda.stop().await;
}
