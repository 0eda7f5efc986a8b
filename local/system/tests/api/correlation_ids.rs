//! Every answer has a correlation id: the caller's, if it is sane, or one that is made.

use reqwest::Method;

use crate::shared_system::Tenant;
use crate::support::{Answer, Api, example};

/// A request for each status that the API gives without a fault of ours.
async fn answers(api: &Api, headers: &[(&str, &str)]) -> Vec<(u16, Answer)> {
    let stranger = api.with_key(Some("trb_nobody"));
    let json = ("content-type", "application/json");
    let with_json: Vec<_> = headers.iter().copied().chain([json]).collect();
    let get = Method::GET;
    let post = |body: &'static str| Some(body.as_bytes().to_vec());
    let ingest = "/api/integrations/transactions";
    vec![
        (200, api.send(get.clone(), "/api/health", headers, None).await),
        (202, api.send(Method::POST, ingest, &with_json, post(example())).await),
        (400, api.send(Method::POST, ingest, &with_json, post("{")).await),
        (401, stranger.send(get.clone(), "/api/batches/x", headers, None).await),
        (404, api.send(get.clone(), "/api/batches/x", headers, None).await),
        (404, api.send(get.clone(), "/nowhere", headers, None).await),
        (405, api.send(Method::DELETE, "/api/health", headers, None).await),
        (415, api.send(Method::POST, ingest, headers, post("<xml/>")).await),
        (422, api.send(Method::POST, ingest, &with_json, post("{}")).await),
    ]
}

#[tokio::test]
async fn a_sane_correlation_id_is_returned_on_every_answer() {
    let tenant = Tenant::new("correlation: given").await;
    for (status, answer) in answers(&tenant.api, &[("x-correlation-id", "my-id:1.2_3")]).await {
        assert_eq!((answer.status, answer.header("x-correlation-id")), (status, "my-id:1.2_3"));
        if status >= 400 {
            answer.assert_problem(status);
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_given_correlation_id_has_one_of_its_own() {
    let tenant = Tenant::new("correlation: made").await;
    let mut seen = std::collections::HashSet::new();
    for (status, answer) in answers(&tenant.api, &[]).await {
        assert_eq!(answer.status, status, "{}", answer.text);
        let id = answer.header("x-correlation-id").to_owned();
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{status}: {id:?}");
        assert!(seen.insert(id), "each request has its own");
    }
}

#[tokio::test]
async fn a_correlation_id_that_is_not_sane_is_replaced() {
    let tenant = Tenant::new("correlation: insane").await;
    let too_long = "a".repeat(129);
    for given in ["a b", "x\",\"level\":\"ERROR", too_long.as_str()] {
        for (status, answer) in answers(&tenant.api, &[("x-correlation-id", given)]).await {
            assert_eq!(answer.status, status);
            let id = answer.header("x-correlation-id");
            assert!(uuid::Uuid::parse_str(id).is_ok(), "{status}: {id:?}");
        }
    }
}

#[tokio::test]
async fn the_answer_header_and_body_name_the_same_correlation_id() {
    let tenant = Tenant::new("correlation: body").await;
    let answer =
        tenant.api.post_bytes(&[("x-correlation-id", "first-request")], example().into()).await;
    assert_eq!(answer.json()["correlation_id"], "first-request");
    assert_eq!(answer.header("x-correlation-id"), "first-request");
}
