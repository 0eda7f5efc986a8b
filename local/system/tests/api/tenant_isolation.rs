//! A tenant that uses another tenant's ids gets its own rows or 404, and changes nothing of the
//! other's.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, account, payload, transaction};

const SUMMARY: &str = "/api/reports/account/acc/summary?start_date=2025-10-01&end_date=2025-10-31";
const PAGE: &str = "/api/accounts/acc/transactions";

/// A tenant that has every kind of row: revised, replaced, failed and completed transactions, keys
/// of requests by header and body.
async fn owner(name: &str) -> (Tenant, Vec<String>) {
    let owner = Tenant::new(name).await;
    let mut first =
        payload(&[transaction("a", "-1"), transaction("b", "-2"), transaction("c", "-3")]);
    first["request_id"] = json!("req_1");
    first["transactions"][2]["pending"] = json!(true);
    let mut second = payload(&[transaction("a", "-10"), transaction("d", "-3")]);
    second["transactions"][1]["pending_transaction_id"] = json!("c");
    let mut batches = vec![owner.api.accept(&first).await];
    let answer = owner.api.post_with(&[("idempotency-key", "key_1")], &second).await;
    batches.push(answer.json()["batch_id"].as_str().unwrap().to_owned());
    for batch in &batches {
        owner.api.finished(batch).await;
    }
    owner.fail(&["b"]).await;
    (owner, batches)
}

async fn answers(api: &Api, batches: &[String]) -> Vec<Value> {
    let mut answers = Vec::new();
    let paths = batches.iter().map(|batch| format!("/api/batches/{batch}"));
    for path in paths.chain([PAGE.to_owned(), SUMMARY.to_owned()]) {
        let answer = api.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let mut body = answer.json();
        if !path.starts_with("/api/batches/") {
            // The request's own; a batch has that of the request that brought it.
            body["correlation_id"] = Value::Null;
        }
        answers.push(body);
    }
    answers
}

#[tokio::test]
async fn ids_of_another_tenant_neither_read_nor_change_its_rows() {
    let (owner, batches) = owner("apart: owner").await;
    let stranger = Tenant::new("apart: stranger").await;
    let before = (owner.rows().await, answers(&owner.api, &batches).await);

    // Reading: nothing is there.
    for path in [PAGE, SUMMARY, &format!("/api/batches/{}", batches[0])] {
        stranger.api.get(path).await.assert_problem(404);
    }
    // Its account cannot be used without being brought along.
    let mut body = payload(&[transaction("z", "-1")]);
    body["accounts"] = json!([]);
    let answer = stranger.api.post(&body).await;
    assert_eq!(answer.fault_pointers(), ["/transactions/0/account_id"]);

    // Writing: the same account, transactions, pending pairs, request id and key are new ones.
    let mut body = payload(&[transaction("a", "-777"), transaction("b", "-777")]);
    body["accounts"] = json!([account("acc")]);
    body["accounts"][0]["name"] = json!("Stranger's");
    body["transactions"][0]["pending_transaction_id"] = json!("d");
    body["request_id"] = json!("req_1");
    let answer = stranger.api.post(&body).await;
    assert_eq!((answer.status, answer.json()["inserted"].as_i64()), (202, Some(2)));
    assert_eq!(answer.header("idempotency-replayed"), "", "not the owner's answer");
    let own = answer.json()["batch_id"].as_str().unwrap().to_owned();
    assert!(!batches.contains(&own));
    let keyed = payload(&[transaction("d", "-888")]);
    let answer = stranger.api.post_with(&[("idempotency-key", "key_1")], &keyed).await;
    assert_eq!((answer.status, answer.json()["inserted"].as_i64()), (202, Some(1)));
    stranger.api.finished(&own).await;

    // Retrying: the owner's failed row stays failed.
    for batch in &batches {
        let path = format!("/api/batches/{batch}/retry");
        let answer = stranger.api.send(reqwest::Method::POST, &path, &[], None).await;
        answer.assert_problem(404);
    }

    let page = stranger.api.get(PAGE).await.json();
    let of_stranger = page["transactions"].as_array().unwrap();
    assert!(
        of_stranger
            .iter()
            .all(|row| ["a", "b", "d"].contains(&row["transaction_id"].as_str().unwrap()))
    );
    assert!(!page.to_string().contains("-10.00"), "{page}");
    assert_eq!((owner.rows().await, answers(&owner.api, &batches).await), before);
}

#[tokio::test]
async fn cursor_of_another_tenant_lists_only_own_rows() {
    let (owner, _) = owner("apart: cursor owner").await;
    let stranger = Tenant::new("apart: cursor stranger").await;
    stranger.api.accept(&payload(&[transaction("mine", "-5")])).await;
    let first = owner.api.get(&format!("{PAGE}?limit=1")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let answer = stranger.api.get(&format!("{PAGE}?limit=10&cursor={cursor}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for row in answer.json()["transactions"].as_array().unwrap() {
        assert_eq!(row["transaction_id"], "mine");
    }
}
