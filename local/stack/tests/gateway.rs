//! The gateway with real function processes behind it.
#![cfg(test)]

mod rig;

use std::time::Duration;

use futures::future::join_all;
use lambda_http::{Request as LambdaRequest, RequestExt};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tributary_stack::lambda::FunctionConfig;

use rig::api::{Api, HEALTH, INGEST, SUMMARY, allow, assert_problem, echo};
use rig::function_that;

fn authorizer(effect: &str) -> FunctionConfig {
    let response = json!({
        "principalId": "tenant-1",
        "policyDocument": {"Version": "2012-10-17", "Statement": [{
            "Action": "execute-api:Invoke", "Effect": effect,
            "Resource": "arn:aws:execute-api:*:*:*/*/GET/api/*",
        }]},
        "context": {"tenant_id": "t1"},
    });
    function_that("authorize", &json!({"do": "respond", "with": response}))
}

#[tokio::test]
async fn function_receives_the_event_of_api_gateway() {
    let api = Api::start(vec![authorizer("Allow"), echo("report")]).await;
    let path = "/api/reports/account/acc%2F1%20b/summary/";
    let query = "?start_date=2025-10-01&tag=a%26b&tag=c+d&flag";
    let request = api.http.get(api.gateway.url() + path + query);
    let request =
        request.header("Authorization", "Bearer k").header("X-Two", "1").header("X-Two", "2");
    let text = request.send().await.unwrap().text().await.unwrap();
    let event: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(event["resource"], "/api/reports/account/{account_id}/summary");
    assert_eq!(event["path"], path);
    assert_eq!(event["httpMethod"], "GET");
    assert_eq!(event["headers"]["authorization"], "Bearer k");
    assert_eq!(event["headers"]["x-two"], "2");
    assert_eq!(event["multiValueHeaders"]["x-two"], json!(["1", "2"]));
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert!(event["headers"]["x-amzn-trace-id"].as_str().unwrap().starts_with("Root=1-"));
    let expected = json!({"start_date": "2025-10-01", "tag": "c d", "flag": ""});
    assert_eq!(event["queryStringParameters"], expected);
    assert_eq!(event["multiValueQueryStringParameters"]["tag"], json!(["a&b", "c d"]));
    assert_eq!(event["pathParameters"], json!({"account_id": "acc/1 b"}));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&Value::Null, &json!(false)));
    let context = &event["requestContext"];
    assert_eq!(context["authorizer"], json!({"tenant_id": "t1", "principalId": "tenant-1"}));
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["resourcePath"], event["resource"]);
    assert!(context["requestTimeEpoch"].as_i64().unwrap() > 1_700_000_000_000);

    let request: LambdaRequest = lambda_http::request::from_str(&text).unwrap();
    assert_eq!(request.raw_http_path(), path);
    assert_eq!(request.path_parameters().first("account_id"), Some("acc/1 b"));
    assert_eq!(request.query_string_parameters().all("tag"), Some(vec!["a&b", "c d"]));
    api.stop().await;
}

#[tokio::test]
async fn open_route_needs_no_authorizer_and_absent_values_are_null() {
    let api = Api::start(vec![echo("health")]).await;
    for path in [HEALTH, "/api/health/"] {
        let event: Value = api.get(path).await.json().await.unwrap();
        assert_eq!(event["resource"], HEALTH);
        assert_eq!(event["path"], path);
        assert_eq!(event["requestContext"].get("authorizer"), None);
        for empty in ["pathParameters", "queryStringParameters", "stageVariables", "body"] {
            assert_eq!(event[empty], Value::Null, "{empty}");
        }
        let text = event.to_string();
        assert!(lambda_http::request::from_str(&text).is_ok(), "{text}");
    }
    api.stop().await;
}

#[tokio::test]
async fn text_body_is_passed_as_text_and_binary_body_as_base64() {
    let api = Api::start(vec![allow(), echo("ingest")]).await;
    for (body, expected, is_base64) in [
        ("{\"a\": \"ü\"}".as_bytes(), "{\"a\": \"ü\"}", false),
        (b"\xff\x00".as_slice(), "/wA=", true),
    ] {
        let request = api.http.post(api.gateway.url() + INGEST).body(body.to_vec());
        let event: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!(expected), &json!(is_base64))
        );
    }
    api.stop().await;
}

#[tokio::test]
async fn body_over_the_limit_of_api_gateway_or_lambda_is_413() {
    let ok = json!({"do": "respond", "with": {"statusCode": 202, "body": "{}"}});
    let api = Api::start(vec![allow(), function_that("ingest", &ok)]).await;
    let post = |bytes: Vec<u8>| api.http.post(api.gateway.url() + INGEST).body(bytes).send();
    assert_eq!(post(vec![b'x'; 6_000_000]).await.unwrap().status(), 202);
    // In an event each of these quotes takes two bytes.
    assert_problem(post(vec![b'"'; 3_200_000]).await.unwrap(), 413).await;
    assert_problem(post(vec![b'x'; 10 * 1024 * 1024 + 1]).await.unwrap(), 413).await;
    api.stop().await;
}

#[tokio::test]
async fn function_response_becomes_the_http_response() {
    let response = json!({"statusCode": 503, "body": "AAH/", "isBase64Encoded": true,
        "headers": {"Retry-After": "7", "Content-Type": "text/plain"},
        "multiValueHeaders": {"X-Many": ["a", "b"]}});
    let behaviour = json!({"do": "respond", "with": response});
    let api = Api::start(vec![function_that("health", &behaviour)]).await;
    let response = api.get(HEALTH).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "7");
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers().get_all("x-many").iter().count(), 2);
    assert!(response.headers().contains_key("x-amzn-requestid"));
    assert_eq!(response.bytes().await.unwrap().as_ref(), [0, 1, 255]);
    api.stop().await;
}

#[tokio::test]
async fn unknown_path_is_404_and_unknown_method_is_405() {
    let api = Api::start(vec![]).await;
    assert_problem(api.get("/api/nothing").await, 404).await;
    for method in [Method::POST, Method::OPTIONS] {
        let response = api.send(method, SUMMARY).await;
        assert_eq!(response.headers()["allow"], "GET");
        assert_problem(response, 405).await;
    }
    assert_eq!(api.send(Method::HEAD, HEALTH).await.status(), 405);
    api.stop().await;
}

#[tokio::test]
async fn call_that_the_policy_does_not_allow_is_403() {
    for functions in [
        vec![authorizer("Deny"), echo("report")],
        // Allows only GET.
        vec![authorizer("Allow"), echo("ingest")],
    ] {
        let reads = functions[1].name == "report";
        let api = Api::start(functions).await;
        let method = if reads { Method::GET } else { Method::POST };
        assert_problem(api.send(method, if reads { SUMMARY } else { INGEST }).await, 403).await;
        api.stop().await;
    }
}

#[tokio::test]
async fn authorizer_error_unauthorized_is_401() {
    let behaviour = json!({"do": "fail", "message": "Unauthorized"});
    let api = Api::start(vec![function_that("authorize", &behaviour), echo("report")]).await;
    let response = api.get(SUMMARY).await;
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_problem(response, 401).await;
    assert_eq!(api.lambda.statistics("report").cold_starts, 0);
    api.stop().await;
}

#[tokio::test]
async fn failed_authorizer_is_503_with_retry_after() {
    for behaviour in [
        json!({"do": "fail", "message": "Unauthorized: the database is unavailable"}),
        json!({"do": "exit"}),
        json!({"do": "respond", "with": {"principalId": "no policy"}}),
        json!({"do": "respond", "with": null}),
    ] {
        let api = Api::start(vec![function_that("authorize", &behaviour), echo("report")]).await;
        let response = api.get(SUMMARY).await;
        assert_eq!(response.headers()["retry-after"], "5");
        assert_problem(response, 503).await;
        api.stop().await;
    }
}

#[tokio::test]
async fn cached_policy_is_reused_for_the_same_key() {
    let functions = vec![authorizer("Allow"), echo("report")];
    let api = Api::start_caching(functions, Duration::from_secs(60)).await;
    for key in ["a", "b", "a", "a"] {
        let request = api.http.get(api.gateway.url() + SUMMARY).header("Authorization", key);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    assert_eq!(api.lambda.statistics("authorize").successes, 2);
    assert_problem(api.get(SUMMARY).await, 401).await;
    assert_eq!(api.lambda.statistics("authorize").successes, 2);
    api.stop().await;
}

#[tokio::test]
async fn failed_function_is_502_and_its_cause_is_not_shown() {
    for behaviour in [
        json!({"do": "fail", "message": "secret"}),
        json!({"do": "exit"}),
        json!({"do": "panic"}),
        json!({"do": "respond", "with": "secret"}),
    ] {
        let api = Api::start(vec![function_that("health", &behaviour)]).await;
        let problem = assert_problem(api.get(HEALTH).await, 502).await;
        assert!(!problem.to_string().contains("secret"), "{problem}");
        api.stop().await;
    }
}

#[tokio::test]
async fn throttled_call_is_429_with_retry_after() {
    let mut slow = function_that("health", &json!({"do": "sleep", "ms": 500}));
    slow.max_concurrency = 1;
    let api = Api::start(vec![slow]).await;
    let responses = join_all((0..2).map(|_| api.get(HEALTH))).await;
    let throttled = responses.into_iter().find(|response| response.status() == 429).unwrap();
    assert_eq!(throttled.headers()["retry-after"], "1");
    assert_problem(throttled, 429).await;
    api.stop().await;
}

#[tokio::test]
async fn valid_correlation_id_is_returned_and_invalid_one_is_replaced() {
    let api = Api::start(vec![]).await;
    for (sent, is_valid) in [("run-1:a.b_c", true), ("not valid", false)] {
        let request = api.http.get(api.gateway.url() + "/nothing").header("X-Correlation-ID", sent);
        let problem = assert_problem(request.send().await.unwrap(), 404).await;
        assert_eq!(problem["correlation_id"] == sent, is_valid);
    }
    api.stop().await;
}

#[tokio::test]
async fn stop_completes_running_requests_and_closes_the_port() {
    let behaviour = json!({"do": "sleep", "ms": 400});
    let api = Api::start(vec![function_that("health", &behaviour)]).await;
    let (url, lambda) = (api.gateway.url(), api.lambda.clone());
    let request = tokio::spawn(api.http.get(url.clone() + HEALTH).send());
    rig::eventually("a busy function", async || !lambda.environments().is_empty()).await;
    api.stop().await;
    // `sleep` does not return a proxy response, so 502 proves that the gateway waited for it.
    assert_eq!(request.await.unwrap().unwrap().status(), 502);
    assert!(Client::new().get(url + HEALTH).send().await.unwrap_err().is_connect());
}
