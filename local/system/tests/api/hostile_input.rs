//! Hostile input over HTTP, through the gateway and real functions.
//! `functions/ingest/tests/hostile.rs` tests more bodies.

use reqwest::Method;
use tributary_testkit::hostile;

use crate::shared_system::Tenant;
use crate::support::{example, payload, transaction};

const SEED: u64 = 0x006d_6f75_7468;
const BODIES: u64 = 300;

#[tokio::test]
async fn hostile_body_is_rejected_and_stores_nothing() {
    let tenant = Tenant::new("hostile: bodies").await;
    let before = tenant.row_counts().await;
    for number in 0..BODIES {
        let hostile::HostileBody { generator, bytes } = hostile::body(SEED, number);
        let response = tenant.api.post_bytes(&[], bytes).await;
        assert!(
            matches!(response.status, 400 | 413 | 422),
            "{generator}, {number}: {}",
            response.text
        );
        response.assert_problem(response.status);
    }
    assert_eq!(tenant.row_counts().await, before);
}

#[tokio::test]
async fn headers_up_to_ten_kilobytes_are_accepted_and_larger_ones_are_431() {
    let tenant = Tenant::new("hostile: heads").await;
    let get = async |length: usize| {
        let value = "v".repeat(length);
        tenant.api.send(Method::GET, "/api/health", &[("x-note", &value)], None).await
    };
    assert_eq!(get(9_000).await.status, 200);
    get(10_240).await.assert_problem(431);
}

#[tokio::test]
async fn invalid_idempotency_key_is_rejected_and_not_ignored() {
    let tenant = Tenant::new("hostile: keys").await;
    let before = tenant.row_counts().await;
    for key in ["clé", "", "a\tb", &"k".repeat(513)] {
        let response = tenant.api.post_bytes(&[("idempotency-key", key)], example().into()).await;
        assert_eq!(response.error_places("header"), ["Idempotency-Key"], "{key:?}");
    }
    assert_eq!(tenant.row_counts().await, before);
    let longest = "k".repeat(512);
    let response = tenant.api.post_bytes(&[("idempotency-key", &longest)], example().into()).await;
    assert_eq!(response.status, 202, "{}", response.text);
}

#[tokio::test]
async fn invalid_id_in_a_path_is_404_and_a_path_that_is_too_long_is_414() {
    let tenant = Tenant::new("hostile: paths").await;
    for id in ["%00", "a%00b", "%20", "%0a", "%7F", "%C3%A9%ff", &"a".repeat(513)] {
        for path in [
            format!("/api/accounts/{id}/transactions"),
            format!("/api/reports/account/{id}/summary?start_date=2025-10-01&end_date=2025-10-31"),
            format!("/api/batches/{id}"),
        ] {
            tenant.api.get(&path).await.assert_problem(404);
        }
    }
    let path = format!("/api/accounts/{}/transactions", "a".repeat(1_600));
    tenant.api.get(&path).await.assert_problem(414);
}

#[tokio::test]
async fn account_is_found_by_its_exact_id_only() {
    let tenant = Tenant::new("hostile: exact ids").await;
    let (composed, decomposed) = ("café \u{202e}🚀", "cafe\u{301} \u{202e}🚀");
    let mut body = payload(&[transaction("tx", "-1.00")]);
    body["accounts"][0]["account_id"] = decomposed.into();
    body["transactions"][0]["account_id"] = composed.into();
    let response = tenant.api.post(&body).await;
    assert_eq!(response.error_pointers(), ["/transactions/0/account_id"]);

    body["transactions"][0]["account_id"] = decomposed.into();
    tenant.api.finished(&tenant.api.accept(&body).await).await;
    let path = |id: &str| format!("/api/accounts/{id}%20%E2%80%AE%F0%9F%9A%80/transactions");
    let response = tenant.api.get(&path("cafe%CC%81")).await;
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.json()["account_id"], decomposed);
    tenant.api.get(&path("caf%C3%A9")).await.assert_problem(404);
}
