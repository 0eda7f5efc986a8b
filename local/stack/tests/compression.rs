//! Compressed requests and responses at the gateway.
#![cfg(test)]

mod rig;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tributary_testkit::gzip::{bomb, gunzip, gzip};

use rig::api::{Api, HEALTH, INGEST, allow, assert_problem, echo};
use rig::function_that;

#[tokio::test]
async fn gzip_body_is_decompressed_and_keeps_its_header_or_reaches_the_function_as_base64() {
    let api = Api::start(vec![allow(), echo("ingest")]).await;
    let body = gzip(b"{\"a\": 1}");
    for (coding, expected, is_base64) in [
        (Some("gzip"), json!("{\"a\": 1}"), false),
        (Some("x-gzip"), json!(STANDARD.encode(&body)), true),
        (None, json!(STANDARD.encode(&body)), true),
    ] {
        let mut request = api.http.post(api.gateway.url() + INGEST).body(body.clone());
        if let Some(coding) = coding {
            request = request.header("Content-Encoding", coding);
        }
        let event: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&expected, &json!(is_base64)));
        assert_eq!(event["headers"]["content-encoding"].as_str(), coding);
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        let received: &[u8] = if coding == Some("gzip") { b"{\"a\": 1}" } else { &body };
        assert_eq!(request.body().as_ref(), received);
    }
    api.stop().await;
}

#[tokio::test]
async fn body_that_is_not_gzip_as_declared_is_415_and_too_large_a_one_is_413() {
    let ok = json!({"do": "respond", "with": {"statusCode": 202, "body": "{}"}});
    let api = Api::start(vec![allow(), function_that("ingest", &ok)]).await;
    let post = async |body: Vec<u8>| {
        let request = api.http.post(api.gateway.url() + INGEST).header("Content-Encoding", "gzip");
        request.body(body).send().await.unwrap()
    };
    assert_eq!(post(gzip(&[b'x'; 6_000_000])).await.status(), 202);
    assert_problem(post(b"{}".to_vec()).await, 415).await;
    // More than Lambda accepts, and more than API Gateway accepts.
    assert_problem(post(gzip(&[b'x'; 7_000_000])).await, 413).await;
    assert_problem(post(bomb()).await, 413).await;
    api.stop().await;
}

#[tokio::test]
async fn responses_and_errors_are_compressed_for_clients_that_accept_gzip() {
    let ok = json!({"do": "respond", "with": {"statusCode": 200, "body": "x".repeat(5_000)}});
    let api = Api::start(vec![function_that("health", &ok)]).await;
    for (path, status) in [(HEALTH, 200), ("/api/nothing", 404)] {
        let plain = api.get(path).await;
        assert_eq!(
            (plain.status().as_u16(), plain.headers().get("content-encoding")),
            (status, None)
        );
        let plain = plain.bytes().await.unwrap();
        let request = api.http.get(api.gateway.url() + path);
        let request = request.header("X-Correlation-ID", "c-1");
        let response = request.header("Accept-Encoding", "deflate, gzip").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-encoding"], "gzip");
        let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
        let compressed = response.bytes().await.unwrap();
        assert_eq!(compressed.len(), length);
        let sent = gunzip(&compressed);
        if status == 200 {
            assert_eq!(sent, plain);
            assert!(compressed.len() < 100, "{}", compressed.len());
        } else {
            let problem: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(
                (&problem["status"], &problem["correlation_id"]),
                (&json!(404), &json!("c-1"))
            );
        }
    }
    api.stop().await;
}
