//! Rejections of invalid batches: they list every error, and nothing is stored.

use reqwest::Method;
use serde_json::json;

use crate::shared_system::Tenant;
use crate::support::{account, example, numbered, payload, transaction};

/// The documented limit of a body.
const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Room for what API Gateway adds to the body in an event: headers, the context and escaped quotes.
const ENVELOPE_BYTES: usize = 16 * 1024;

#[tokio::test]
async fn batch_with_one_invalid_transaction_stores_nothing() {
    let tenant = Tenant::new("rejections: one error").await;
    let before = tenant.row_counts().await;
    let mut body = numbered(100, "-1.00");
    body["transactions"][57]["amount"] = json!("-1.001");
    body["request_id"] = json!("req");
    let response = tenant.api.post(&body).await;
    assert_eq!(response.error_pointers(), ["/transactions/57/amount"]);
    assert_eq!(tenant.row_counts().await, before);

    // The idempotency key can be used for the corrected body.
    body["transactions"][57]["amount"] = json!("-1.01");
    tenant.api.accept(&body).await;
}

#[tokio::test]
async fn unknown_account_after_valid_ones_stores_nothing() {
    let tenant = Tenant::new("rejections: unknown account").await;
    let before = tenant.row_counts().await;
    let mut body = numbered(3, "-1.00");
    body["accounts"] = json!([account("acc"), account("other")]);
    body["transactions"][2]["account_id"] = json!("unknown");
    let response = tenant.api.post_with(&[("idempotency-key", "key")], &body).await;
    assert_eq!(response.error_pointers(), ["/transactions/2/account_id"]);
    assert_eq!(tenant.row_counts().await, before);
}

#[tokio::test]
async fn known_account_can_be_omitted() {
    let tenant = Tenant::new("rejections: known account").await;
    tenant.api.accept(&payload(&[transaction("a", "1")])).await;
    let mut body = payload(&[transaction("b", "1")]);
    body["accounts"] = json!([]);
    tenant.api.accept(&body).await;
}

#[tokio::test]
async fn every_error_of_a_body_is_listed_with_its_pointer() {
    let tenant = Tenant::new("rejections: all errors").await;
    let mut invalid = transaction("b", "1");
    invalid["iso_currency_code"] = json!("usd");
    invalid["date"] = json!("yesterday");
    let body = json!({
        "accounts": [{"account_id": "acc", "name": "", "type": "depository"}],
        "transactions": [transaction("a", "ten"), invalid, transaction("a", "1")],
        "total_transactions": 4
    });
    let mut pointers = tenant.api.post(&body).await.error_pointers();
    pointers.sort();
    let expected = [
        "/accounts/0/name",
        "/total_transactions",
        "/transactions/0/amount",
        "/transactions/1/date",
        "/transactions/1/iso_currency_code",
    ];
    assert_eq!(pointers, expected);

    let repeated = payload(&[transaction("a", "1"), transaction("a", "1")]);
    let response = tenant.api.post(&repeated).await;
    assert_eq!(response.error_pointers(), ["/transactions/1/transaction_id"]);
}

#[tokio::test]
async fn first_hundred_errors_are_listed() {
    let tenant = Tenant::new("rejections: hundred").await;
    let pointers = tenant.api.post(&numbered(101, "ten")).await.error_pointers();
    assert_eq!(pointers.len(), 100);
    assert_eq!(pointers[99], "/transactions/99/amount");
}

#[tokio::test]
async fn batch_without_transactions_or_with_more_than_ten_thousand_is_rejected() {
    let tenant = Tenant::new("rejections: sizes").await;
    let none = tenant.api.post(&payload(&[])).await;
    assert_eq!(none.error_pointers(), ["/transactions"]);
    let too_many = tenant.api.post(&numbered(10_001, "-1")).await;
    assert_eq!(too_many.error_pointers(), ["/transactions"]);
    // `report_sums.rs` posts a batch of ten thousand.
}

#[tokio::test]
async fn invalid_json_is_400() {
    let tenant = Tenant::new("rejections: not json").await;
    for body in ["", "{", "{'a': 1}", "\u{feff}{}", "[1,]"] {
        tenant.api.post_bytes(&[], body.into()).await.assert_problem(400);
    }
    tenant.api.post_bytes(&[], vec![b'"', 0xff, b'"']).await.assert_problem(400);
}

#[tokio::test]
async fn other_media_types_are_415() {
    let tenant = Tenant::new("rejections: media type").await;
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
    ] {
        let path = "/api/integrations/transactions";
        let body = Some(example().as_bytes().to_vec());
        let response = tenant.api.send(Method::POST, path, headers, body).await;
        response.assert_problem(415);
    }
}

#[tokio::test]
async fn body_of_six_megabytes_is_accepted_and_one_byte_more_is_413() {
    let tenant = Tenant::new("rejections: too large").await;
    let padded = |length: usize| {
        let mut body = example().as_bytes().to_vec();
        body.resize(length, b' ');
        body
    };
    let response = tenant.api.post_bytes(&[], padded(BODY_BYTES_MAX - ENVELOPE_BYTES)).await;
    assert_eq!(response.status, 202, "{}", response.text);
    let before = tenant.row_counts().await;
    for length in [BODY_BYTES_MAX + 1, 2 * BODY_BYTES_MAX] {
        tenant.api.post_bytes(&[], padded(length)).await.assert_problem(413);
    }
    assert_eq!(tenant.row_counts().await[0], before[0]);
}
