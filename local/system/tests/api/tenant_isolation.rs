//! A request with ids of another tenant returns 404 or the tenant's own rows, and does not change
//! rows of the other tenant.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, SUMMARY, TRANSACTIONS, account, payload, transaction};

/// A tenant and its batches, with revised, replaced, failed and completed transactions, and
/// idempotency keys from a header and a body.
async fn owner(name: &str) -> (Tenant, Vec<String>) {
    let owner = Tenant::new(name).await;
    let mut first =
        payload(&[transaction("a", "-1"), transaction("b", "-2"), transaction("c", "-3")]);
    first["request_id"] = json!("req_1");
    first["transactions"][2]["pending"] = json!(true);
    let mut second = payload(&[transaction("a", "-10"), transaction("d", "-3")]);
    second["transactions"][1]["pending_transaction_id"] = json!("c");
    let mut batches = vec![owner.api.accept(&first).await];
    let response = owner.api.post_with(&[("idempotency-key", "key_1")], &second).await;
    batches.push(response.json()["batch_id"].as_str().unwrap().to_owned());
    for batch in &batches {
        owner.api.finished(batch).await;
    }
    owner.fail(&["b"]).await;
    (owner, batches)
}

/// The bodies of every report on the batches and the account `acc`.
async fn reports(api: &Api, batches: &[String]) -> Vec<Value> {
    let mut reports = Vec::new();
    let paths = batches.iter().map(|batch| format!("/api/batches/{batch}"));
    for path in paths.chain([TRANSACTIONS.to_owned(), SUMMARY.to_owned()]) {
        let response = api.get(&path).await;
        assert_eq!(response.status, 200, "{path}: {}", response.text);
        let mut body = response.json();
        if !path.starts_with("/api/batches/") {
            // The id of this request. A batch has that of the request that created it.
            body["correlation_id"] = Value::Null;
        }
        reports.push(body);
    }
    reports
}

#[tokio::test]
async fn ids_of_another_tenant_neither_read_nor_change_its_rows() {
    let (owner, batches) = owner("isolation: owner").await;
    let other = Tenant::new("isolation: other").await;
    let before = (owner.rows().await, reports(&owner.api, &batches).await);

    // Reads return 404.
    for path in [TRANSACTIONS, SUMMARY, &format!("/api/batches/{}", batches[0])] {
        other.api.get(path).await.assert_problem(404);
    }
    // The owner's account is unknown to the other tenant.
    let mut body = payload(&[transaction("z", "-1")]);
    body["accounts"] = json!([]);
    let response = other.api.post(&body).await;
    assert_eq!(response.error_pointers(), ["/transactions/0/account_id"]);

    // Writes with the same ids and idempotency keys create new rows.
    let mut body = payload(&[transaction("a", "-777"), transaction("b", "-777")]);
    body["accounts"] = json!([account("acc")]);
    body["accounts"][0]["name"] = json!("Other name");
    body["transactions"][0]["pending_transaction_id"] = json!("d");
    body["request_id"] = json!("req_1");
    let response = other.api.post(&body).await;
    assert_eq!((response.status, response.json()["inserted"].as_i64()), (202, Some(2)));
    assert_eq!(response.header("idempotency-replayed"), "", "not a replay of the owner's response");
    let own = response.json()["batch_id"].as_str().unwrap().to_owned();
    assert!(!batches.contains(&own));
    let keyed = payload(&[transaction("d", "-888")]);
    let response = other.api.post_with(&[("idempotency-key", "key_1")], &keyed).await;
    assert_eq!((response.status, response.json()["inserted"].as_i64()), (202, Some(1)));
    other.api.finished(&own).await;

    // The owner's failed transactions are not retried.
    for batch in &batches {
        let path = format!("/api/batches/{batch}/retry");
        let response = other.api.send(reqwest::Method::POST, &path, &[], None).await;
        response.assert_problem(404);
    }

    let page = other.api.get(TRANSACTIONS).await.json();
    let rows = page["transactions"].as_array().unwrap();
    assert!(
        rows.iter().all(|row| ["a", "b", "d"].contains(&row["transaction_id"].as_str().unwrap()))
    );
    assert!(!page.to_string().contains("-10.00"), "{page}");
    assert_eq!((owner.rows().await, reports(&owner.api, &batches).await), before);
}

#[tokio::test]
async fn cursor_of_another_tenant_returns_only_own_rows() {
    let (owner, _) = owner("isolation: cursor owner").await;
    let other = Tenant::new("isolation: cursor other").await;
    other.api.accept(&payload(&[transaction("mine", "-5")])).await;
    let first = owner.api.get(&format!("{TRANSACTIONS}?limit=1")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let response = other.api.get(&format!("{TRANSACTIONS}?limit=10&cursor={cursor}")).await;
    assert_eq!(response.status, 200, "{}", response.text);
    for row in response.json()["transactions"].as_array().unwrap() {
        assert_eq!(row["transaction_id"], "mine");
    }
}
