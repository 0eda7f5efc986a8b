//! Every response has a correlation id: the client's, if it is valid, or a generated one.

use reqwest::Method;

use crate::shared_system::Tenant;
use crate::support::{Api, Response, example};

/// Sends requests for each expected status below 500. Returns the status and the response.
async fn responses(api: &Api, headers: &[(&str, &str)]) -> Vec<(u16, Response)> {
    let unauthorized = api.with_key(Some("trb_invalid"));
    let json = ("content-type", "application/json");
    let with_json: Vec<_> = headers.iter().copied().chain([json]).collect();
    let get = Method::GET;
    let post = |body: &'static str| Some(body.as_bytes().to_vec());
    let ingest = "/api/integrations/transactions";
    vec![
        (200, api.send(get.clone(), "/api/health", headers, None).await),
        (202, api.send(Method::POST, ingest, &with_json, post(example())).await),
        (400, api.send(Method::POST, ingest, &with_json, post("{")).await),
        (401, unauthorized.send(get.clone(), "/api/batches/x", headers, None).await),
        (404, api.send(get.clone(), "/api/batches/x", headers, None).await),
        (404, api.send(get.clone(), "/nowhere", headers, None).await),
        (405, api.send(Method::DELETE, "/api/health", headers, None).await),
        (415, api.send(Method::POST, ingest, headers, post("<xml/>")).await),
        (422, api.send(Method::POST, ingest, &with_json, post("{}")).await),
    ]
}

#[tokio::test]
async fn valid_correlation_id_is_returned_in_every_response() {
    let tenant = Tenant::new("correlation: given").await;
    for (status, response) in responses(&tenant.api, &[("x-correlation-id", "my-id:1.2_3")]).await {
        assert_eq!((response.status, response.header("x-correlation-id")), (status, "my-id:1.2_3"));
        if status >= 400 {
            response.assert_problem(status);
        }
    }
}

#[tokio::test]
async fn request_without_correlation_id_gets_a_new_one() {
    let tenant = Tenant::new("correlation: generated").await;
    let mut seen = std::collections::HashSet::new();
    for (status, response) in responses(&tenant.api, &[]).await {
        assert_eq!(response.status, status, "{}", response.text);
        let id = response.header("x-correlation-id").to_owned();
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{status}: {id:?}");
        assert!(seen.insert(id), "the ids are unique");
    }
}

#[tokio::test]
async fn invalid_correlation_id_is_replaced() {
    let tenant = Tenant::new("correlation: invalid").await;
    let too_long = "a".repeat(129);
    for given in ["a b", "x\",\"level\":\"ERROR", too_long.as_str()] {
        for (status, response) in responses(&tenant.api, &[("x-correlation-id", given)]).await {
            assert_eq!(response.status, status);
            let id = response.header("x-correlation-id");
            assert!(uuid::Uuid::parse_str(id).is_ok(), "{status}: {id:?}");
        }
    }
}

#[tokio::test]
async fn response_header_and_body_have_the_same_correlation_id() {
    let tenant = Tenant::new("correlation: body").await;
    let response =
        tenant.api.post_bytes(&[("x-correlation-id", "first-request")], example().into()).await;
    assert_eq!(response.json()["correlation_id"], "first-request");
    assert_eq!(response.header("x-correlation-id"), "first-request");
}
