//! `POST /api/batches/{batch_id}/retry` processes the failed transactions of a batch again.

use reqwest::Method;
use serde_json::json;

use crate::shared_system::Tenant;
use crate::support::{payload, transaction};

#[tokio::test]
async fn failed_transactions_are_retried_and_counted_once() {
    let tenant = Tenant::new("retry").await;
    let rows = [transaction("a", "-1"), transaction("b", "-2"), transaction("c", "-3")];
    let batch_id = tenant.api.accept(&payload(&rows)).await;
    tenant.api.finished(&batch_id).await;
    let before = tenant.api.settled_summary("acc", "").await.json()["metrics"].clone();

    tenant.fail(&["a", "c"]).await;
    let batch = tenant.api.batch(&batch_id).await;
    let status = json!({"pending": 0, "processing": 0, "completed": 1, "failed": 2});
    assert_eq!(batch["processing_status"], status);
    assert_eq!(batch["failures"][0]["transaction_id"], "a");
    assert_eq!(batch["failures"][0]["reason"], "no model available");

    let path = format!("/api/batches/{batch_id}/retry/");
    let response = tenant.api.send(Method::POST, &path, &[], None).await;
    assert_eq!((response.status, &response.json()["retried"]), (202, &json!(2)));
    let batch = tenant.api.finished(&batch_id).await;
    let status = json!({"pending": 0, "processing": 0, "completed": 3, "failed": 0});
    assert_eq!(batch["processing_status"], status);
    assert_eq!(tenant.api.settled_summary("acc", "").await.json()["metrics"], before);

    let again = tenant.api.send(Method::POST, &path, &[], None).await;
    assert_eq!((again.status, &again.json()["retried"]), (202, &json!(0)));
}

#[tokio::test]
async fn retry_of_an_unknown_batch_or_one_of_another_tenant_is_404() {
    let (tenant, other) = (Tenant::new("retry: one").await, Tenant::new("retry: other").await);
    let batch_id = tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for path in [
        format!("/api/batches/{batch_id}/retry"),
        format!("/api/batches/{}/retry", uuid::Uuid::nil()),
        "/api/batches/none/retry".to_owned(),
    ] {
        other.api.send(Method::POST, &path, &[], None).await.assert_problem(404);
    }
}
