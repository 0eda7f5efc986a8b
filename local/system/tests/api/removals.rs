//! Removed transactions: they are in no total, keep their history, and come back when sent again.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{
    Api, TRANSACTIONS, account, in_currency, numbered, payload, removals, transaction,
};

fn pending(id: &str, amount: &str) -> Value {
    let mut transaction = transaction(id, amount);
    transaction["pending"] = json!(true);
    transaction
}

/// The status of `DELETE` of a transaction of the account `acc`.
async fn delete(api: &Api, transaction_id: &str) -> u16 {
    api.delete(&format!("{TRANSACTIONS}/{transaction_id}")).await.status
}

#[tokio::test]
async fn removed_transaction_leaves_every_total() {
    let tenant = Tenant::new("removals: totals").await;
    let rows = [
        pending("hold", "-100"),
        transaction("spend", "-20"),
        transaction("income", "30"),
        in_currency("euro", "-40", "EUR"),
        transaction("kept", "-1"),
    ];
    tenant.api.accept(&payload(&rows)).await;
    assert_eq!(tenant.api.totals("&currency=USD").await, ["4", "121.00", "30.00"]);
    for (id, totals) in [
        ("hold", ["3", "21.00", "30.00"]),
        ("spend", ["2", "1.00", "30.00"]),
        ("income", ["1", "1.00", "0.00"]),
    ] {
        let response = tenant.api.post(&removals(&[id])).await;
        assert_eq!(response.counts(), [0, 0, 0, 1, 0], "{id}");
        assert_eq!(tenant.api.totals("&currency=USD").await, totals, "{id}");
        // Again, it is still removed.
        assert_eq!(tenant.api.post(&removals(&[id])).await.counts(), [0, 0, 0, 1, 0], "{id}");
        assert_eq!(tenant.api.totals("&currency=USD").await, totals, "{id}");
    }
    tenant.api.post(&removals(&["euro"])).await.counts();
    let summary = tenant.api.settled_summary("acc", "").await.json();
    assert_eq!(summary["currencies"], json!(["USD"]));
    assert_eq!(summary["top_categories"].as_array().unwrap().len(), 1);
    let status = json!({"pending": 0, "processing": 0, "completed": 1, "failed": 0});
    assert_eq!(summary["processing_status"], status);
}

#[tokio::test]
async fn batch_of_removals_alone_is_finished_at_once_and_can_be_replayed() {
    let tenant = Tenant::new("removals: batch").await;
    tenant.api.finished(&tenant.api.accept(&payload(&[transaction("a", "-1")])).await).await;
    let mut body = removals(&["a", "unknown"]);
    body["request_id"] = json!("req-1");
    let response = tenant.api.post(&body).await;
    assert_eq!(response.counts(), [0, 0, 0, 1, 1]);
    assert_eq!(response.json()["total_transactions"], 0);
    let batch = tenant.api.batch(response.json()["batch_id"].as_str().unwrap()).await;
    assert_eq!((&batch["removed"], &batch["removed_unknown"]), (&json!(1), &json!(1)));
    assert!(!batch["finished_at"].is_null(), "{batch}");
    let status = json!({"pending": 0, "processing": 0, "completed": 0, "failed": 0});
    assert_eq!(batch["processing_status"], status);
    let replay = tenant.api.post(&body).await;
    assert_eq!(replay.header("idempotency-replayed"), "true");
    assert_eq!(replay.text, response.text);
    body["removed"][1]["transaction_id"] = json!("other");
    let reused = tenant.api.post(&body).await.assert_problem(422);
    assert_eq!(reused["type"], "urn:tributary:problem:idempotency-key-reused");
}

#[tokio::test]
async fn removal_needs_neither_an_account_nor_a_known_account() {
    let tenant = Tenant::new("removals: no account").await;
    tenant.api.accept(&payload(&[transaction("a", "-1"), transaction("b", "-2")])).await;
    let mut body = removals(&["a", "b", "c"]);
    body["accounts"] = json!([]);
    body["removed"][0]["account_id"] = Value::Null;
    body["removed"][1]["account_id"] = json!("");
    body["removed"][2]["account_id"] = json!("unknown");
    assert_eq!(tenant.api.post(&body).await.counts(), [0, 0, 0, 2, 1]);
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
}

#[tokio::test]
async fn removal_under_another_account_is_rejected_and_changes_nothing() {
    let tenant = Tenant::new("removals: other account").await;
    let mut body = payload(&[transaction("a", "-1"), transaction("b", "-2")]);
    body["accounts"] = json!([account("acc"), account("other")]);
    tenant.api.finished(&tenant.api.accept(&body).await).await;
    let before = tenant.rows().await;
    let mut body = removals(&["a", "b"]);
    body["removed"][1]["account_id"] = json!("other");
    let response = tenant.api.post(&body).await;
    assert_eq!(response.errors(), [["pointer", "/removed/1/account_id", "other-account"]]);
    tenant.api.delete("/api/accounts/other/transactions/a").await.assert_problem(404);
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn id_that_a_batch_has_twice_is_rejected() {
    let tenant = Tenant::new("removals: duplicates").await;
    let mut both = payload(&[transaction("a", "-1"), transaction("b", "-1")]);
    both["removed"] = json!([{"transaction_id": "c"}, {"transaction_id": "b"}]);
    let twice = removals(&["a", "b", "a"]);
    for (body, pointer) in
        [(both, "/removed/1/transaction_id"), (twice, "/removed/2/transaction_id")]
    {
        assert_eq!(tenant.api.post(&body).await.errors(), [["pointer", pointer, "duplicate"]]);
    }
}

#[tokio::test]
async fn removed_transaction_that_is_sent_again_is_back_with_its_history() {
    let tenant = Tenant::new("removals: back").await;
    let body = payload(&[transaction("a", "-1.50")]);
    tenant.api.accept(&body).await;
    tenant.api.post(&removals(&["a"])).await.counts();
    let removed = tenant.api.transaction("a").await;
    assert!(removed["removed_at"].is_string(), "{removed}");
    assert_eq!(removed["revision"], 1);

    assert_eq!(tenant.api.post(&body).await.counts(), [0, 1, 0, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "1.50", "0.00"]);
    let back = tenant.api.transaction("a").await;
    assert_eq!((&back["removed_at"], &back["revision"]), (&Value::Null, &json!(2)));
    assert_eq!(back["revisions"].as_array().unwrap().len(), 1);
    assert_eq!(back["revisions"][0]["removed_at"], removed["removed_at"]);
    assert_eq!(tenant.api.post(&body).await.counts(), [0, 0, 1, 0, 0]);
}

#[tokio::test]
async fn removed_posted_transaction_does_not_bring_back_the_pending_one_that_it_replaced() {
    let tenant = Tenant::new("removals: replaced").await;
    let mut posted = transaction("posted", "-23");
    posted["pending_transaction_id"] = json!("hold");
    tenant.api.accept(&payload(&[pending("hold", "-20"), posted.clone()])).await;
    assert_eq!(tenant.api.totals("").await, ["1", "23.00", "0.00"]);
    tenant.api.post(&removals(&["posted"])).await.counts();
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
    assert_eq!(tenant.api.transaction("hold").await["replaced_by"], "posted");
    // Nor does the pending one when it is sent again.
    let hold = payload(&[pending("hold", "-20")]);
    assert_eq!(tenant.api.post(&hold).await.counts(), [0, 0, 1, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
    assert_eq!(tenant.api.post(&payload(&[posted])).await.counts(), [0, 1, 0, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "23.00", "0.00"]);
}

#[tokio::test]
async fn removed_pending_transaction_that_a_posted_one_replaced_changes_no_total() {
    let tenant = Tenant::new("removals: replaced pending").await;
    let named = |id: &str, amount: &str| {
        let mut posted = transaction(id, amount);
        posted["pending_transaction_id"] = json!("hold");
        posted
    };
    let rows = [pending("hold", "-20"), named("a", "-12"), named("b", "-8")];
    tenant.api.accept(&payload(&rows)).await;
    for (id, totals) in
        [("hold", ["2", "20.00", "0.00"]), ("a", ["1", "8.00", "0.00"]), ("b", ["0", "0", "0"])]
    {
        assert_eq!(tenant.api.post(&removals(&[id])).await.counts(), [0, 0, 0, 1, 0], "{id}");
        assert_eq!(tenant.api.totals("").await, totals, "{id}");
    }
}

#[tokio::test]
async fn removal_of_an_unknown_transaction_has_no_effect_on_a_later_one() {
    let tenant = Tenant::new("removals: unknown").await;
    assert_eq!(tenant.api.post(&removals(&["a"])).await.counts(), [0, 0, 0, 0, 1]);
    let body = payload(&[transaction("a", "-1")]);
    assert_eq!(tenant.api.post(&body).await.counts(), [1, 0, 0, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "1.00", "0.00"]);
}

#[tokio::test]
async fn replay_of_a_batch_does_not_bring_its_removed_transaction_back() {
    let tenant = Tenant::new("removals: replay").await;
    let mut body = payload(&[transaction("a", "-1")]);
    body["request_id"] = json!("req-1");
    tenant.api.accept(&body).await;
    assert_eq!(delete(&tenant.api, "a").await, 204);
    assert_eq!(tenant.api.post(&body).await.header("idempotency-replayed"), "true");
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
}

#[tokio::test]
async fn transactions_that_are_removed_before_they_are_enriched_do_not_hold_up_their_batch() {
    let tenant = Tenant::new("removals: pending").await;
    let ids: Vec<_> = (0..1_000).map(|index| format!("tx_{index:05}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let batch = tenant.api.accept(&numbered(ids.len(), "-1")).await;
    assert_eq!(tenant.api.post(&removals(&ids)).await.counts(), [0, 0, 0, 1_000, 0]);
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
    let status = json!({"pending": 0, "processing": 0, "completed": 1_000, "failed": 0});
    assert_eq!(tenant.api.finished(&batch).await["processing_status"], status);
}

#[tokio::test]
async fn removed_transactions_are_listed_only_on_request() {
    let tenant = Tenant::new("removals: lists").await;
    let rows = ["a", "b", "c"].map(|id| transaction(id, "-1"));
    tenant.api.finished(&tenant.api.accept(&payload(&rows)).await).await;
    tenant.api.post(&removals(&["b"])).await.counts();
    for (query, ids) in [
        ("", &["c", "a"][..]),
        ("include=removed", &["c", "b", "a"]),
        ("include=removed&status=completed&limit=2", &["c", "b"]),
        ("status=completed&start_date=2025-10-30", &["c", "a"]),
    ] {
        assert_eq!(tenant.api.listed(query).await, ids, "{query}");
    }
    for value in ["x", "Removed", "removed,pending", ""] {
        let response = tenant.api.get(&format!("{TRANSACTIONS}?include={value}")).await;
        assert_eq!(response.errors(), [["parameter", "include", "invalid-format"]], "{value}");
    }
}

#[tokio::test]
async fn deleted_transaction_is_removed_and_a_repetition_is_also_204() {
    let tenant = Tenant::new("removals: delete").await;
    let other = Tenant::new("removals: delete, other").await;
    for api in [&tenant.api, &other.api] {
        api.finished(&api.accept(&payload(&[transaction("a", "-1")])).await).await;
    }
    assert_eq!(delete(&tenant.api, "never").await, 404);
    tenant.api.delete("/api/accounts/never/transactions/a").await.assert_problem(404);
    let first = tenant.api.delete(&format!("{TRANSACTIONS}/a/")).await;
    assert_eq!((first.status, first.text.as_str()), (204, ""));
    assert!(!first.header("x-correlation-id").is_empty());
    let removed_at = tenant.api.transaction("a").await["removed_at"].clone();
    assert_eq!(delete(&tenant.api, "a").await, 204);
    assert_eq!(tenant.api.transaction("a").await["removed_at"], removed_at);
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);

    // The other tenant's transaction of the same id is still there.
    assert_eq!(other.api.totals("").await, ["1", "1.00", "0.00"]);
    let third = Tenant::new("removals: delete, third").await;
    assert_eq!(delete(&third.api, "a").await, 404);
}

#[tokio::test]
async fn delete_needs_the_scope_ingest() {
    let tenant = Tenant::new("removals: scope").await;
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    assert_eq!(delete(&tenant.api_for(&["report"]).await, "a").await, 403);
    assert_eq!(delete(&tenant.api.with_key(None), "a").await, 401);
    assert_eq!(tenant.api.totals("").await, ["1", "1.00", "0.00"]);
    assert_eq!(delete(&tenant.api_for(&["ingest"]).await, "a").await, 204);
}

#[tokio::test]
async fn id_with_reserved_characters_is_addressed_percent_encoded() {
    let tenant = Tenant::new("removals: encoded").await;
    let ids = ["a/b", "50%", "a%2Fb", "x y?z#", "...", "+é"];
    let encoded = ["a%2Fb", "50%25", "a%252Fb", "x%20y%3Fz%23", "...", "+%C3%A9"];
    tenant.api.accept(&payload(&ids.map(|id| transaction(id, "-1")))).await;
    for (id, encoded) in ids.iter().zip(encoded) {
        let path = format!("{TRANSACTIONS}/{encoded}");
        let response = tenant.api.get(&path).await;
        assert_eq!(response.status, 200, "{id}: {}", response.text);
        assert_eq!(response.json()["transaction_id"], *id);
        assert_eq!(delete(&tenant.api, encoded).await, 204, "{id}");
        assert!(!tenant.api.get(&path).await.json()["removed_at"].is_null(), "{id}");
    }
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
}

#[tokio::test]
async fn removed_failed_transaction_that_is_retried_stays_removed() {
    let tenant = Tenant::new("removals: retry").await;
    let batch =
        tenant.api.accept(&payload(&[transaction("a", "-1"), transaction("b", "-2")])).await;
    tenant.api.finished(&batch).await;
    tenant.fail(&["a"]).await;
    assert_eq!(delete(&tenant.api, "a").await, 204);
    let path = format!("/api/batches/{batch}/retry");
    let retried = tenant.api.send(reqwest::Method::POST, &path, &[], None).await;
    assert_eq!(retried.status, 202, "{}", retried.text);
    tenant.api.finished(&batch).await;
    assert_eq!(tenant.api.totals("").await, ["1", "2.00", "0.00"]);
    assert!(tenant.api.transaction("a").await["removed_at"].is_string());
}
