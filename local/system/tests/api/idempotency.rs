//! Idempotency keys, and transactions that are sent again.

use futures::future::join_all;
use serde_json::json;

use crate::shared_system::Tenant;
use crate::support::{example, payload, transaction};

const KEY: &str = "idempotency-key";

#[tokio::test]
async fn replayed_key_and_body_return_the_first_response() {
    let tenant = Tenant::new("idempotency: replay").await;
    let body = payload(&[transaction("a", "-1")]);
    let first = tenant.api.post_with(&[(KEY, "key"), ("x-correlation-id", "first")], &body).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (202, ""));
    for _ in 0..2 {
        let again =
            tenant.api.post_with(&[(KEY, "key"), ("x-correlation-id", "again")], &body).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("x-correlation-id"), "again");
    }
    let counts = tenant.row_counts().await;
    assert_eq!((counts[0], counts[2]), (("batches", 1), ("transactions", 1)));
}

#[tokio::test]
async fn used_key_with_other_content_is_422() {
    let tenant = Tenant::new("idempotency: reused").await;
    let post = async |amount| {
        tenant.api.post_with(&[(KEY, "key")], &payload(&[transaction("a", amount)])).await
    };
    assert_eq!(post("-1").await.status, 202);
    let response = post("-2").await;
    let problem = response.assert_problem(422);
    assert_eq!(problem["type"], "urn:tributary:problem:idempotency-key-reused");
    assert_eq!(tenant.row_counts().await[0], ("batches", 1));
}

#[tokio::test]
async fn used_key_with_equal_content_in_another_form_is_replayed() {
    let tenant = Tenant::new("idempotency: another form").await;
    let body = payload(&[transaction("a", "-1.5")]);
    let first = tenant.api.post_with(&[(KEY, "key")], &body).await;
    assert_eq!(first.status, 202);
    let mut other = body;
    other["transactions"][0]["amount"] = json!("-1.50");
    other["request_id"] = json!("another");
    other["unknown"] = json!([1]);
    let pretty = serde_json::to_vec_pretty(&other).unwrap();
    let again = tenant.api.post_bytes(&[(KEY, "key")], pretty).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
    assert_eq!(again.text, first.text);
}

#[tokio::test]
async fn request_id_is_the_key_without_a_header() {
    let tenant = Tenant::new("idempotency: request id").await;
    let first = tenant.api.post_bytes(&[], example().into()).await;
    let again = tenant.api.post_bytes(&[], example().into()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.text, first.text);
    let with_header = tenant.api.post_bytes(&[(KEY, "other")], example().into()).await;
    assert_eq!((with_header.status, with_header.header("idempotency-replayed")), (202, ""));
    assert_eq!(with_header.json()["unchanged"], 1);
}

#[tokio::test]
async fn concurrent_equal_requests_create_one_batch() {
    let tenant = Tenant::new("idempotency: concurrent").await;
    let body = payload(&[transaction("a", "-1"), transaction("b", "-1")]);
    let requests = (0..6).map(|_| tenant.api.post_with(&[(KEY, "key")], &body));
    let responses = join_all(requests).await;
    let mut batches = std::collections::HashSet::new();
    for response in &responses {
        match response.status {
            202 => {
                batches.insert(response.json()["batch_id"].to_string());
            }
            _ => {
                response.assert_problem(409);
                assert!(!response.header("retry-after").is_empty(), "the client may retry");
            }
        }
    }
    assert_eq!(batches.len(), 1, "{responses:?}");
    let counts = tenant.row_counts().await;
    assert_eq!((counts[0], counts[2]), (("batches", 1), ("transactions", 2)));
}

#[tokio::test]
async fn known_transaction_is_unchanged_or_updated_and_categorised_again() {
    let tenant = Tenant::new("idempotency: updated").await;
    let first = payload(&[transaction("a", "-1.00"), transaction("b", "-1.00")]);
    let batch_id = tenant.api.accept(&first).await;
    tenant.api.finished(&batch_id).await;

    let mut coffee = transaction("b", "-2.50");
    coffee["name"] = json!("Starbucks 0042");
    let second = payload(&[transaction("a", "-1.0"), coffee, transaction("c", "7")]);
    let response = tenant.api.post(&second).await;
    let body = response.json();
    let counts = ["inserted", "updated", "unchanged"].map(|field| body[field].as_i64());
    assert_eq!(counts, [Some(1), Some(1), Some(1)]);
    tenant.api.finished(body["batch_id"].as_str().unwrap()).await;

    let page = tenant.api.get("/api/accounts/acc/transactions").await.json();
    let rows = page["transactions"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["transaction_id"] == id).unwrap();
    assert_eq!((&row("b")["category"], &row("b")["revision"]), (&json!("Food"), &json!(2)));
    assert_eq!((&row("a")["category"], &row("a")["revision"]), (&json!("Shopping"), &json!(1)));
    let summary = tenant.api.settled_summary("acc", "").await;
    let metrics = r#"{"total_transactions":3,"total_spend":3.50,"total_income":7.00,"net":3.50}"#;
    assert!(summary.text.contains(metrics), "{}", summary.text);
}

#[tokio::test]
async fn empty_or_too_long_key_is_rejected() {
    let tenant = Tenant::new("idempotency: invalid key").await;
    let too_long = "k".repeat(513);
    for key in ["", too_long.as_str()] {
        let response = tenant.api.post_bytes(&[(KEY, key)], example().into()).await;
        assert_eq!(response.error_places("header"), ["Idempotency-Key"]);
    }
    let longest = "k".repeat(512);
    let response = tenant.api.post_bytes(&[(KEY, &longest)], example().into()).await;
    assert_eq!(response.status, 202);
}
