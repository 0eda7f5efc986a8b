//! Logs of the functions: a line for each request, and the request's correlation id on the lines of
//! its enrichment.

use crate::shared_system::{Tenant, lines_about};
use crate::support::{eventually, example};

#[tokio::test]
async fn enrichment_is_logged_with_the_correlation_id_of_the_request() {
    let tenant = Tenant::new("logs: enrichment").await;
    let correlation_id = "logs-enrichment-1";
    let headers = [("x-correlation-id", correlation_id)];
    let response = tenant.api.post_bytes(&headers, example().into()).await.json();
    let batch_id = response["batch_id"].as_str().unwrap();
    tenant.api.finished(batch_id).await;

    let expected = ["enrichment started", "enrichment progressed", "enrichment ended"];
    let lines = eventually("the log lines of the enrichment", async || {
        let lines = lines_about("enrich", correlation_id).await;
        let messages: Vec<_> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
        expected.iter().all(|message| messages.contains(message)).then_some(lines)
    })
    .await;
    for line in &lines {
        assert_eq!(line["span"]["batch_id"], batch_id, "{line}");
    }
    let progressed = lines.iter().find(|line| line["message"] == "enrichment progressed").unwrap();
    assert_eq!(progressed["finished"], 1);
    let started = lines.iter().find(|line| line["message"] == "enrichment started").unwrap();
    assert_eq!(started["receive_count"], 1);
}

#[tokio::test]
async fn request_is_logged_with_method_path_client_status_and_duration() {
    let tenant = Tenant::new("logs: requests").await;
    let headers = [("x-correlation-id", "logs-requests-1")];
    tenant.api.post_bytes(&headers, example().into()).await;
    let get = reqwest::Method::GET;
    tenant.api.send(get, "/api/batches/x/", &[("x-correlation-id", "logs-requests-2")], None).await;

    for (function, correlation_id, method, path, status) in [
        ("ingest", "logs-requests-1", "POST", "/api/integrations/transactions/", 202),
        ("report", "logs-requests-2", "GET", "/api/batches/x/", 404),
    ] {
        let line = eventually("the log line of the request", async || {
            let lines = lines_about(function, correlation_id).await;
            lines.into_iter().find(|line| line["message"] == "request completed")
        })
        .await;
        assert_eq!((&line["method"], &line["path"]), (&method.into(), &path.into()), "{line}");
        assert_eq!(line["status"], status, "{line}");
        assert_eq!(line["client_ip"], "127.0.0.1", "{line}");
        assert!(line["duration_ms"].is_u64(), "{line}");
        assert_eq!(line["level"], "INFO");
    }
}

#[tokio::test]
async fn no_log_line_contains_a_key_a_description_a_merchant_or_an_amount() {
    let tenant = Tenant::new("logs: personal").await;
    let correlation_id = "logs-personal-1";
    let body = example().replace("AMZN Mktp US*2K4", "SECRET DESCRIPTOR").replace("Amazon", "HUSH");
    let headers = [("x-correlation-id", correlation_id)];
    let response = tenant.api.post_bytes(&headers, body.into()).await.json();
    tenant.api.finished(response["batch_id"].as_str().unwrap()).await;
    for function in ["ingest", "enrich"] {
        let lines = eventually("log lines of the request", async || {
            Some(lines_about(function, correlation_id).await).filter(|lines| !lines.is_empty())
        })
        .await;
        for line in lines {
            let text = line.to_string();
            for secret in ["SECRET DESCRIPTOR", "HUSH", "trb_", "42.5"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    }
}
