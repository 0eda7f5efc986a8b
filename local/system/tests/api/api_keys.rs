//! API keys and scopes, and requests for another tenant's resources.

use reqwest::Method;

use crate::shared_system::Tenant;
use crate::support::{Api, SUMMARY, TRANSACTIONS, example, payload, transaction};

#[tokio::test]
async fn missing_or_unknown_key_is_401() {
    let tenant = Tenant::new("access: 401").await;
    let unknown = {
        let api = tenant.api_for(&["report"]).await;
        assert_eq!(api.get("/api/batches/x").await.status, 404, "the key is valid");
        api.with_key(Some("trb_00000000_000000000000000000000000000000000000000000000000"))
    };
    for api in [tenant.api.with_key(None), tenant.api.with_key(Some("x")), unknown] {
        for path in ["/api/batches/x", TRANSACTIONS, SUMMARY] {
            let response = api.get(path).await;
            response.assert_problem(401);
            assert_eq!(response.header("www-authenticate"), "Bearer");
        }
        api.post_bytes(&[], example().into()).await.assert_problem(401);
    }
    assert_eq!(tenant.row_counts().await[0], ("batches", 0));
}

#[tokio::test]
async fn key_is_accepted_in_either_header() {
    let tenant = Tenant::new("access: headers").await;
    let key = tenant.key_for(&["report"]).await;
    let without_key = tenant.api.with_key(None);
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer {key}")),
        ("x-api-key", key.clone()),
    ] {
        let response =
            without_key.send(Method::GET, "/api/batches/x", &[(name, &value)], None).await;
        response.assert_problem(404);
    }
    let basic = format!("Basic {key}");
    let headers = [("authorization", basic.as_str()), ("x-api-key", key.as_str())];
    without_key.send(Method::GET, "/api/batches/x", &headers, None).await.assert_problem(401);
}

#[tokio::test]
async fn key_without_the_scope_of_a_route_is_403() {
    let tenant = Tenant::new("access: 403").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let batch = format!("/api/batches/{batch_id}");
    let (ingest, report) = (tenant.api_for(&["ingest"]).await, tenant.api_for(&["report"]).await);
    for path in [batch.as_str(), TRANSACTIONS, SUMMARY] {
        ingest.get(path).await.assert_problem(403);
        assert_eq!(report.get(path).await.status, 200);
    }
    report.post_bytes(&[], example().into()).await.assert_problem(403);
    assert_eq!(ingest.post_bytes(&[], example().into()).await.status, 202);
}

#[tokio::test]
async fn resource_of_another_tenant_is_the_same_404_as_an_unknown_one() {
    let (owner, other) = (Tenant::new("access: owner").await, Tenant::new("access: other").await);
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    let unknown = uuid::Uuid::now_v7();
    let problem = async |api: &Api, path: &str| {
        let mut body = api.get(path).await.assert_problem(404);
        body.as_object_mut().unwrap().remove("correlation_id");
        body
    };
    let of_existing = problem(&other.api, &format!("/api/batches/{batch_id}")).await;
    let of_unknown = problem(&other.api, &format!("/api/batches/{unknown}")).await;
    assert_eq!(of_existing, of_unknown);
    assert_eq!(problem(&other.api, TRANSACTIONS).await, of_unknown);
    assert_eq!(problem(&other.api, SUMMARY).await, of_unknown);
    assert_eq!(owner.api.get(TRANSACTIONS).await.status, 200);
}

#[tokio::test]
async fn equal_ids_and_idempotency_keys_of_two_tenants_do_not_conflict() {
    let (first, second) = (Tenant::new("access: first").await, Tenant::new("access: second").await);
    let mut batches = Vec::new();
    for (tenant, amount) in [(&first, "-1"), (&second, "-2")] {
        let body = payload(&[transaction("a", amount)]);
        let response = tenant.api.post_with(&[("idempotency-key", "key")], &body).await;
        assert_eq!((response.status, response.json()["inserted"].as_i64()), (202, Some(1)));
        batches.push(response.json()["batch_id"].as_str().unwrap().to_owned());
    }
    first.api.finished(&batches[0]).await;
    second.api.finished(&batches[1]).await;
    let spend = async |tenant: &Tenant| tenant.api.settled_summary("acc", "").await.text;
    assert!(spend(&first).await.contains(r#""total_spend":1.00,"#));
    assert!(spend(&second).await.contains(r#""total_spend":2.00,"#));
}
