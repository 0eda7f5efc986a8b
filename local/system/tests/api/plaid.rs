//! Responses and webhooks of Plaid, posted as they stand.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{
    payload, plaid_get, plaid_pending, plaid_sync, plaid_transaction, plaid_webhook, transaction,
};

const KEY: &str = "idempotency-key";

#[tokio::test]
async fn page_of_transactions_get_is_accepted_and_positive_amounts_are_spend() {
    let tenant = Tenant::new("plaid: get").await;
    let mut coffee = plaid_transaction("c", -5.0);
    coffee["counterparties"] = json!([]);
    let page = [plaid_pending("a", 28.34), plaid_transaction("b", 72.1), coffee];
    let response = tenant.api.post_plaid(&[], &plaid_get(&page)).await;
    assert_eq!(response.counts(), [3, 0, 0, 0, 0]);
    assert_eq!(response.json()["total_transactions"], 3, "not Plaid's, which counts all pages");
    assert_eq!(tenant.api.totals("").await, ["3", "100.44", "5.00"]);
    let stored = tenant.api.transaction("a").await;
    for (field, expected) in [
        ("amount", json!(-28.34)),
        ("date", json!("2025-10-30")),
        ("datetime", json!("2025-10-30T15:10:09Z")),
        ("authorized_date", json!("2025-10-29")),
        ("name", json!("CORNER DELI 0042")),
        ("merchant_name", json!("Corner Deli")),
        ("payment_channel", json!("in store")),
        ("bank_category", json!("FOOD_AND_DRINK_FAST_FOOD")),
        ("pending", json!(true)),
        ("category", json!("Food")),
    ] {
        assert_eq!(stored[field], expected, "{field}");
    }
    assert_eq!(tenant.api.transaction("c").await["merchant_name"], Value::Null);
}

/// The file that `PLAID_EXAMPLES` names has the examples of Plaid's documentation:
/// `{"get": {…}, "sync": {…}}`.
#[tokio::test]
async fn examples_of_plaids_documentation_are_accepted() {
    let Ok(file) = std::env::var("PLAID_EXAMPLES") else {
        return eprintln!("skipped: PLAID_EXAMPLES is not set");
    };
    let examples: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let tenant = Tenant::new("plaid: examples").await;
    let account = examples["get"]["accounts"][0]["account_id"].as_str().unwrap();
    let totals = async || {
        let path = format!(
            "/api/reports/account/{account}/summary?start_date=2023-09-01&end_date=2023-09-30"
        );
        tenant.api.get(&path).await.totals()
    };
    let get = tenant.api.post_plaid(&[], &examples["get"]).await;
    assert_eq!(get.counts(), [2, 0, 0, 0, 0]);
    assert_eq!(totals().await, ["2", "100.44", "0.00"]);
    // Its transactions are the same, and it removes one that is unknown.
    let sync = tenant.api.post_plaid(&[], &examples["sync"]).await;
    assert_eq!(sync.counts(), [0, 0, 2, 0, 1]);
    assert_eq!(totals().await, ["2", "100.44", "0.00"]);
    for body in [&examples["get"], &examples["sync"]] {
        assert_eq!(tenant.api.post(body).await.errors()[0][2], "wrong-path");
    }
}

#[tokio::test]
async fn sync_page_that_adds_modifies_and_removes_one_id_removes_it() {
    let tenant = Tenant::new("plaid: one id").await;
    let (added, modified) = ([plaid_transaction("a", 1.0)], [plaid_transaction("a", 2.0)]);
    let page = plaid_sync(&added, &modified, &["a"]);
    assert_eq!(tenant.api.post_plaid(&[], &page).await.counts(), [0, 0, 0, 0, 1]);
    let page = plaid_sync(&added, &modified, &[]);
    assert_eq!(tenant.api.post_plaid(&[], &page).await.counts(), [1, 0, 0, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "2.00", "0.00"]);
    let page = plaid_sync(&[], &[plaid_transaction("a", 3.0)], &["a"]);
    assert_eq!(tenant.api.post_plaid(&[], &page).await.counts(), [0, 0, 0, 1, 0]);
    assert_eq!(tenant.api.totals("").await, ["0", "0", "0"]);
}

/// Plaid removes a pending transaction in the page that adds its posted one, or in another one.
#[tokio::test]
async fn pending_transaction_that_becomes_posted_counts_once_in_any_order_of_pages() {
    let mut posted = plaid_transaction("posted", 23.0);
    posted["pending_transaction_id"] = json!("hold");
    let posted = [posted];
    let hold = plaid_sync(&[plaid_pending("hold", 20.0)], &[], &[]);
    let both = plaid_sync(&posted, &[], &["hold"]);
    let only_posted = plaid_sync(&posted, &[], &[]);
    let only_removed = plaid_sync(&[], &[], &["hold"]);
    for (name, pages) in [
        ("one page", vec![&hold, &both]),
        ("two pages", vec![&hold, &only_posted, &only_removed]),
        ("removed first", vec![&hold, &only_removed, &only_posted]),
        ("repeated", vec![&hold, &both, &hold, &both]),
        ("reversed", vec![&both, &hold]),
    ] {
        let tenant = Tenant::new(&format!("plaid: posted, {name}")).await;
        for page in pages {
            tenant.api.post_plaid(&[], page).await.counts();
        }
        assert_eq!(tenant.api.totals("").await, ["1", "23.00", "0.00"], "{name}");
    }
}

#[tokio::test]
async fn page_that_is_sent_again_is_unchanged_and_brings_removed_transactions_back() {
    let tenant = Tenant::new("plaid: again").await;
    let page = plaid_get(&[plaid_transaction("a", 1.0), plaid_transaction("b", 2.0)]);
    assert_eq!(tenant.api.post_plaid(&[], &page).await.counts(), [2, 0, 0, 0, 0]);
    let again = tenant.api.post_plaid(&[], &page).await;
    assert_eq!((again.counts(), again.header("idempotency-replayed")), ([0, 0, 2, 0, 0], ""));
    let webhook = plaid_webhook(&["a", "unknown"]);
    assert_eq!(tenant.api.post_plaid(&[], &webhook).await.counts(), [0, 0, 0, 1, 1]);
    assert_eq!(tenant.api.totals("").await, ["1", "2.00", "0.00"]);
    assert_eq!(tenant.api.post_plaid(&[], &page).await.counts(), [0, 1, 1, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["2", "3.00", "0.00"]);
}

#[tokio::test]
async fn only_the_header_is_an_idempotency_key() {
    let tenant = Tenant::new("plaid: keys").await;
    // Both have the same `request_id` of Plaid.
    let first = plaid_get(&[plaid_transaction("a", 1.0)]);
    let second = plaid_get(&[plaid_transaction("b", 2.0)]);
    let with_key = async |body| tenant.api.post_plaid(&[(KEY, "page-1")], body).await;
    assert_eq!(with_key(&first).await.counts(), [1, 0, 0, 0, 0]);
    let replay = with_key(&first).await;
    assert_eq!((replay.counts(), replay.header("idempotency-replayed")), ([1, 0, 0, 0, 0], "true"));
    let mut other_request = first.clone();
    other_request["request_id"] = json!("other");
    other_request["item"]["webhook"] = json!("https://example.com/");
    other_request["total_transactions"] = json!(4712);
    assert_eq!(with_key(&other_request).await.header("idempotency-replayed"), "true");
    let reused = with_key(&second).await.assert_problem(422);
    assert_eq!(reused["type"], "urn:tributary:problem:idempotency-key-reused");
    assert_eq!(tenant.api.post_plaid(&[], &second).await.counts(), [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn page_without_transactions_is_accepted_and_finished_at_once() {
    let tenant = Tenant::new("plaid: empty").await;
    let webhook = plaid_webhook(&[]);
    for page in [plaid_sync(&[], &[], &[]), plaid_get(&[]), webhook, json!({"removed": []})] {
        let response = tenant.api.post_plaid(&[], &page).await;
        assert_eq!(response.counts(), [0; 5], "{page}");
        let batch = tenant.api.batch(response.json()["batch_id"].as_str().unwrap()).await;
        assert_eq!(batch["total_transactions"], 0);
        assert!(!batch["finished_at"].is_null(), "{batch}");
    }
    // The account is known, without transactions.
    assert!(tenant.api.listed("").await.is_empty());
}

#[tokio::test]
async fn body_of_plaid_at_the_plain_path_is_rejected_with_the_right_path() {
    let tenant = Tenant::new("plaid: wrong path").await;
    let before = tenant.row_counts().await;
    let mut get = plaid_get(&[plaid_transaction("a", 1.0)]);
    // Else the page has the shape of a plain batch.
    get["total_transactions"] = json!(1);
    let added_only = json!({"added": [plaid_transaction("a", 1.0)]});
    let sync = plaid_sync(&[], &[plaid_transaction("a", 1.0)], &["b"]);
    let updates = json!({"webhook_type": "TRANSACTIONS", "webhook_code": "SYNC_UPDATES_AVAILABLE"});
    for (body, pointer) in [
        (get, "/item"),
        (added_only, "/added"),
        (sync, "/added"),
        (plaid_webhook(&["a"]), "/removed_transactions"),
        (updates, "/webhook_code"),
    ] {
        let response = tenant.api.post(&body).await;
        assert_eq!(response.errors(), [["pointer", pointer, "wrong-path"]]);
        let right_path = "/api/integrations/plaid/transactions";
        assert!(response.text.contains(right_path), "{}", response.text);
    }
    assert_eq!(tenant.row_counts().await, before);
}

#[tokio::test]
async fn fault_of_a_page_is_reported_at_its_place_and_stores_nothing() {
    let tenant = Tenant::new("plaid: faults").await;
    let before = tenant.row_counts().await;
    let with = |field: &str, value: Value| {
        let mut transaction = plaid_transaction("a", 1.0);
        transaction[field] = value;
        [transaction]
    };
    let good = [plaid_transaction("a", 1.0)];
    let mut twice = plaid_sync(&good, &[], &[]);
    twice["added"] = json!([good[0], good[0]]);
    let mut no_account = plaid_sync(&good, &[], &[]);
    no_account["accounts"] = json!([]);
    // What Plaid answers to an invalid request.
    let error = json!({"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED"});
    let updates = json!({"webhook_type": "TRANSACTIONS", "webhook_code": "SYNC_UPDATES_AVAILABLE"});
    for (body, pointer, code) in [
        (
            plaid_sync(&with("date", json!("30.10.2025")), &[], &[]),
            "/added/0/date",
            "invalid-format",
        ),
        (
            plaid_sync(&[], &with("amount", json!(1.005)), &[]),
            "/modified/0/amount",
            "too-many-decimals",
        ),
        (plaid_get(&with("datetime", json!("noon"))), "/transactions/0/datetime", "invalid-format"),
        (plaid_get(&with("name", Value::Null)), "/transactions/0/name", "required"),
        (plaid_sync(&[], &[], &[""]), "/removed/0/transaction_id", "blank"),
        (plaid_webhook(&["a", "b\n"]), "/removed_transactions/1", "control-character"),
        (twice, "/added/1/transaction_id", "duplicate"),
        (no_account, "/added/0/account_id", "unknown-account"),
        (error, "/transactions", "required"),
        (updates, "/transactions", "required"),
    ] {
        let response = tenant.api.post_plaid(&[], &body).await;
        assert_eq!(response.errors(), [["pointer", pointer, code]], "{body}");
    }
    assert_eq!(tenant.row_counts().await, before);
}

#[tokio::test]
async fn transaction_sent_to_both_paths_with_opposite_signs_is_the_same() {
    let tenant = Tenant::new("plaid: both paths").await;
    let plaid = plaid_transaction("a", 12.5);
    tenant.api.post_plaid(&[], &plaid_get(&[plaid])).await.counts();
    let mut plain = transaction("a", "-12.5");
    for (field, value) in [
        ("name", "CORNER DELI 0042"),
        ("merchant_name", "Corner Deli"),
        ("authorized_date", "2025-10-29"),
        ("payment_channel", "in store"),
    ] {
        plain[field] = json!(value);
    }
    // It has no category of Plaid, so that the content differs.
    assert_eq!(tenant.api.post(&payload(&[plain.clone()])).await.counts(), [0, 1, 0, 0, 0]);
    assert_eq!(tenant.api.post(&payload(&[plain])).await.counts(), [0, 0, 1, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "12.50", "0.00"]);
}
