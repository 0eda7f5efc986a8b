//! A request and its enrichment have the same trace id, whether ingest or relay sends the message.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use tributary_system::SystemConfig;

use crate::support::{api_of, eventually, invoke_relay, log_lines, payload, start, transaction};

/// The trace ids on a function's log lines of a request.
async fn trace_ids(log_directory: &Path, function: &str, correlation_id: &str) -> Vec<String> {
    eventually("the log lines of the request", async || {
        let mut lines = log_lines(log_directory, function);
        lines.retain(|line| line["span"]["correlation_id"] == correlation_id);
        let last = ["request completed", "enrichment ended"];
        lines.iter().any(|line| last.iter().any(|message| line["message"] == *message)).then(|| {
            let id = |line: &serde_json::Value| {
                line["span"]["xray_trace_id"].as_str().unwrap_or("none").to_owned()
            };
            lines.iter().map(id).collect()
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn enrichment_has_the_trace_id_of_the_request_also_through_relay() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = SystemConfig::throw_away();
    config.log_directory = Some(directory.path().to_owned());
    config.relay_interval = None;
    config.timings.announce_after = Duration::ZERO;
    let system = start(config).await;
    let api = api_of(&system);
    let faults = system.sqs().unwrap().faults();
    for (by_relay, correlation_id, trace_id) in [
        (false, "trace-direct", "1-68f00001-aaaaaaaaaaaaaaaaaaaaaaaa"),
        (true, "trace-relay", "1-68f00002-bbbbbbbbbbbbbbbbbbbbbbbb"),
    ] {
        faults.reject_all_requests(by_relay);
        let header = format!("Root={trace_id};Parent=53995c3f42cd8ad8;Sampled=1");
        let headers = [
            ("content-type", "application/json"),
            ("x-correlation-id", correlation_id),
            ("x-amzn-trace-id", header.as_str()),
        ];
        let body = payload(&[transaction(correlation_id, "-1")]).to_string().into_bytes();
        let path = "/api/integrations/transactions";
        let response = api.send(Method::POST, path, &headers, Some(body)).await;
        assert_eq!(response.status, 202, "{}", response.text);
        faults.reject_all_requests(false);
        if by_relay {
            invoke_relay(&system).await;
        }
        api.finished(response.json()["batch_id"].as_str().unwrap()).await;
        for function in ["ingest", "enrich"] {
            let ids = trace_ids(directory.path(), function, correlation_id).await;
            assert!(ids.iter().all(|id| id == trace_id), "{function}: {ids:?}");
        }
    }
    system.stop().await.unwrap();
}
