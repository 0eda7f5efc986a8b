//! Responses while PostgreSQL or SQS is unavailable, and recovery without data loss.
#![cfg(test)]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use tributary_postgres::Postgres;
use tributary_sqs::SqsServer;
use tributary_system::{System, SystemConfig};

use support::{
    Api, Response, api_of, connect, eventually, example, number, payload, start, start_embedded,
    start_postgres, transaction,
};

/// The longest documented response time of health.
const HEALTH_DURATION_MAX: Duration = Duration::from_secs(2);

/// Words that reveal components of the system or the cause of an error.
const CAUSES: [&str; 8] =
    ["postgres", "sqlx", "sql", "sqs", "refused", "timed out", "os error", "pool"];

#[track_caller]
fn assert_no_cause(response: &Response) {
    let text = response.text.to_lowercase();
    for cause in CAUSES {
        assert!(!text.contains(cause), "{cause}: {text}");
    }
}

/// Asserts that health returns 503 three times, and at least once in time: the first request may be
/// a cold start, and the machine may be busy.
async fn assert_unhealthy(api: &Api, database: &str, queue: &str) {
    let expected = json!({"status": "unavailable", "database": database, "queue": queue});
    let mut durations = Vec::new();
    for _ in 0..3 {
        let sent = Instant::now();
        let response = api.get("/api/health/").await;
        durations.push(sent.elapsed());
        assert_eq!((response.status, response.json()), (503, expected.clone()));
    }
    assert!(durations.iter().any(|it| *it < HEALTH_DURATION_MAX), "{durations:?}");
}

async fn assert_healthy(api: &Api) {
    let response = api.get("/api/health/").await;
    assert_eq!(response.status, 200, "{}", response.text);
}

/// Sends a signal to every process of a PostgreSQL server.
fn signal_all(postgres: &Postgres, signal: &str) {
    let postmaster = postgres.pid().to_string();
    let children =
        std::process::Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster]).output();
    let children = String::from_utf8(children.unwrap().stdout).unwrap();
    let pids = children.split_whitespace().chain([postmaster.as_str()]);
    let status = std::process::Command::new("kill").arg(signal).args(pids).status().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_health_and_ingest_are_503_without_a_cause() {
    let postgres = start_postgres().await;
    let mut config = SystemConfig::throw_away();
    config.database_url = Some(postgres.url("postgres"));
    let system = start(config).await;
    let api = api_of(&system);
    assert_healthy(&api).await;
    let batch_id = api.accept(&payload(&[transaction("a", "-1")])).await;
    api.finished(&batch_id).await;

    // The server hangs: connections stay open, but get no response.
    signal_all(&postgres, "-STOP");
    assert_unhealthy(&api, "unavailable", "ok").await;
    let response = api.post_bytes(&[], example().into()).await;
    response.assert_problem(503);
    assert!(!response.header("retry-after").is_empty());
    assert_no_cause(&response);
    signal_all(&postgres, "-CONT");
    eventually("health", async || (api.get("/api/health").await.status == 200).then_some(())).await;

    // The server has stopped.
    postgres.stop().await.unwrap();
    assert_unhealthy(&api, "unavailable", "ok").await;
    for response in [api.post_bytes(&[], example().into()).await, api.get("/api/batches/x").await] {
        response.assert_problem(503);
        assert!(!response.header("retry-after").is_empty());
        assert_no_cause(&response);
    }
    assert!(system.stop().await.is_err(), "the database cannot be dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_of_postgresql_loses_nothing_and_requests_succeed_again() {
    let mut system = start(SystemConfig::throw_away()).await;
    let api = api_of(&system);
    let batch_id = api.accept(&payload(&[transaction("a", "-1")])).await;
    api.finished(&batch_id).await;
    system.postgres_mut().unwrap().restart_immediately().await.unwrap();

    // Each function opens a new connection within the same request.
    assert_eq!(api.batch(&batch_id).await["processing_status"]["completed"], 1);
    assert_healthy(&api).await;
    let batch_id = api.accept(&payload(&[transaction("b", "-1")])).await;
    api.finished(&batch_id).await;
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sqs_health_is_503_and_a_batch_is_accepted() {
    let sqs = SqsServer::start(0).await.unwrap();
    let mut config = SystemConfig::throw_away();
    config.sqs_endpoint_url = Some(sqs.endpoint_url());
    let system = start(config).await;
    let api = api_of(&system);
    assert_healthy(&api).await;

    sqs.faults().delay_responses(Duration::from_secs(30));
    assert_unhealthy(&api, "ok", "unavailable").await;
    sqs.faults().clear();
    eventually("health", async || (api.get("/api/health").await.status == 200).then_some(())).await;

    sqs.stop().await;
    assert_unhealthy(&api, "ok", "unavailable").await;
    let response = api.post_bytes(&[], example().into()).await;
    assert_eq!(response.status, 202, "{}", response.text);
    let mut connection = connect(system.database_url()).await;
    let due = "select count(*) from batches where announce_at <= now()";
    assert_eq!(number(&mut connection, due).await, 1, "relay announces it with its next run");
    system.stop().await.unwrap();
}

async fn system_without_sqs(change: impl FnOnce(&mut SystemConfig)) -> (System, Api, String) {
    let mut config = SystemConfig::throw_away();
    change(&mut config);
    let system = start_embedded(config).await;
    let api = api_of(&system);
    system.sqs().unwrap().faults().reject_all_requests(true);
    let batch_id = api.accept(&payload(&[transaction("a", "-1")])).await;
    assert_eq!(api.batch(&batch_id).await["processing_status"]["pending"], 1);
    (system, api, batch_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_announces_batches_when_sqs_is_available_again() {
    let (system, api, batch_id) = system_without_sqs(|config| {
        config.relay_interval = Some(Duration::from_millis(500));
        // A failed send makes it due at once.
        config.timings.announce_after = Duration::from_secs(600);
        config.timings.requeue_after = Duration::from_secs(1);
    })
    .await;
    system.sqs().unwrap().faults().clear();
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["completed"], 1);
    let mut connection = connect(system.database_url()).await;
    let left = "select count(*) from batches where announce_at is not null";
    assert_eq!(number(&mut connection, left).await, 0);
    system.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_announces_a_batch_whose_message_was_lost() {
    let (system, api, batch_id) = system_without_sqs(|config| {
        config.relay_interval = Some(Duration::from_millis(500));
        config.timings.requeue_after = Duration::from_secs(600);
    })
    .await;
    // As if the message had been sent and lost.
    let mut connection = connect(system.database_url()).await;
    sqlx::query("update batches set announce_at = now() + interval '2 seconds'")
        .execute(&mut connection)
        .await
        .unwrap();
    system.sqs().unwrap().faults().clear();
    let batch = api.finished(&batch_id).await;
    assert_eq!(batch["processing_status"]["completed"], 1);
    system.stop().await.unwrap();
}
