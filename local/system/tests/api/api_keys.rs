//! Who may call what, and that nobody learns anything of another tenant.

use reqwest::Method;

use crate::shared_system::Tenant;
use crate::support::{Api, example, payload, transaction};

const SUMMARY: &str = "/api/reports/account/acc/summary?start_date=2025-10-01&end_date=2025-10-31";
const PAGE: &str = "/api/accounts/acc/transactions";

#[tokio::test]
async fn a_missing_or_wrong_key_is_401() {
    let tenant = Tenant::new("access: 401").await;
    let almost = {
        let key = tenant.api_for(&["report"]).await;
        assert_eq!(key.get("/api/batches/x").await.status, 404, "this key is right");
        key.with_key(Some("trb_00000000_000000000000000000000000000000000000000000000000"))
    };
    for api in [tenant.api.with_key(None), tenant.api.with_key(Some("x")), almost] {
        for path in ["/api/batches/x", PAGE, SUMMARY] {
            let answer = api.get(path).await;
            answer.assert_problem(401);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        api.post_bytes(&[], example().into()).await.assert_problem(401);
    }
    assert_eq!(tenant.row_counts().await[0], ("batches", 0));
}

#[tokio::test]
async fn a_key_may_stand_in_either_header() {
    let tenant = Tenant::new("access: headers").await;
    let key = tenant.key_for(&["report"]).await;
    let bare = tenant.api.with_key(None);
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer {key}")),
        ("x-api-key", key.clone()),
    ] {
        let answer = bare.send(Method::GET, "/api/batches/x", &[(name, &value)], None).await;
        answer.assert_problem(404);
    }
    let basic = format!("Basic {key}");
    let headers = [("authorization", basic.as_str()), ("x-api-key", key.as_str())];
    bare.send(Method::GET, "/api/batches/x", &headers, None).await.assert_problem(401);
}

#[tokio::test]
async fn a_key_without_the_scope_of_a_call_is_403() {
    let tenant = Tenant::new("access: 403").await;
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let batch = format!("/api/batches/{batch_id}");
    let (ingest, report) = (tenant.api_for(&["ingest"]).await, tenant.api_for(&["report"]).await);
    for path in [batch.as_str(), PAGE, SUMMARY] {
        ingest.get(path).await.assert_problem(403);
        assert_eq!(report.get(path).await.status, 200);
    }
    report.post_bytes(&[], example().into()).await.assert_problem(403);
    assert_eq!(ingest.post_bytes(&[], example().into()).await.status, 202);
}

#[tokio::test]
async fn what_is_another_tenants_is_404_as_what_does_not_exist_is() {
    let (owner, stranger) =
        (Tenant::new("access: owner").await, Tenant::new("access: stranger").await);
    let batch_id = owner.api.accept(&payload(&[transaction("a", "-1")])).await;
    let unknown = uuid::Uuid::now_v7();
    let problem = async |api: &Api, path: &str| {
        let mut body = api.get(path).await.assert_problem(404);
        body.as_object_mut().unwrap().remove("correlation_id");
        body
    };
    let of_other = problem(&stranger.api, &format!("/api/batches/{batch_id}")).await;
    let of_nobody = problem(&stranger.api, &format!("/api/batches/{unknown}")).await;
    assert_eq!(of_other, of_nobody, "the answers cannot be told apart");
    assert_eq!(problem(&stranger.api, PAGE).await, of_nobody);
    assert_eq!(problem(&stranger.api, SUMMARY).await, of_nobody);
    assert_eq!(owner.api.get(PAGE).await.status, 200);
}

#[tokio::test]
async fn the_same_ids_and_keys_of_two_tenants_do_not_meet() {
    let (first, second) = (Tenant::new("access: first").await, Tenant::new("access: second").await);
    let mut batches = Vec::new();
    for (tenant, amount) in [(&first, "-1"), (&second, "-2")] {
        let body = payload(&[transaction("a", amount)]);
        let answer = tenant.api.post_with(&[("idempotency-key", "key")], &body).await;
        assert_eq!((answer.status, answer.json()["inserted"].as_i64()), (202, Some(1)));
        batches.push(answer.json()["batch_id"].as_str().unwrap().to_owned());
    }
    first.api.finished(&batches[0]).await;
    second.api.finished(&batches[1]).await;
    let spend = async |tenant: &Tenant| tenant.api.settled_summary("acc", "").await.text;
    assert!(spend(&first).await.contains(r#""total_spend":1.00,"#));
    assert!(spend(&second).await.contains(r#""total_spend":2.00,"#));
}
