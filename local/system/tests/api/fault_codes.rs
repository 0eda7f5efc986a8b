//! Each fault of a 422 has a place and a stable code: one input for each code, over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tributary_domain::FaultCode;

use crate::shared_system::Tenant;
use crate::support::{Response, TRANSACTIONS, account, numbered, payload, removals, transaction};

/// A batch of one transaction with this field.
fn with(field: &str, value: Value) -> Value {
    let mut row = transaction("t", "-10");
    row[field] = value;
    payload(&[row])
}

/// Invalid batches, each with the place and the code of its only fault. The account `acc` has the
/// posted transaction `known`, and there is no account `other`.
fn invalid_batches() -> Vec<(Value, &'static str, &'static str)> {
    let at = |name: &str, value: Value| {
        let mut body = payload(&[transaction("t", "-10")]);
        body[name] = value;
        body
    };
    let mut moved = transaction("known", "-10");
    moved["account_id"] = json!("second");
    let mut moved = payload(&[moved]);
    moved["accounts"] = json!([account("second")]);
    let mut reused = transaction("known", "-11");
    (reused["date"], reused["name"]) = (json!("2024-01-01"), json!("Shell"));
    let nested = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let long_name: String = "n".repeat(129);
    // Each text is in another form than NFC.
    let mut costly = numbered(700, "-1");
    for row in costly["transactions"].as_array_mut().unwrap() {
        row["name"] = json!("e\u{301}".repeat(256));
    }
    vec![
        (at("accounts", Value::Null), "/accounts", "required"),
        (with("transaction_id", Value::Null), "/transactions/0/transaction_id", "required"),
        (json!([]), "", "wrong-type"),
        (at("removed", json!({})), "/removed", "wrong-type"),
        (with("pending", json!("no")), "/transactions/0/pending", "wrong-type"),
        (with("account_id", json!(" ")), "/transactions/0/account_id", "blank"),
        (with("name", json!("n".repeat(513))), "/transactions/0/name", "too-long"),
        (
            with("transaction_id", json!("\u{1b}x")),
            "/transactions/0/transaction_id",
            "control-character",
        ),
        (
            with("authorized_date", json!("today")),
            "/transactions/0/authorized_date",
            "invalid-format",
        ),
        (with("mcc", json!("59")), "/transactions/0/mcc", "invalid-format"),
        (with("date", json!("1969-12-31")), "/transactions/0/date", "out-of-range"),
        (payload(&[]), "/transactions", "wrong-count"),
        (at("total_transactions", json!(2)), "/total_transactions", "count-mismatch"),
        (
            at("accounts", json!([account("acc"), account("acc")])),
            "/accounts/1/account_id",
            "duplicate",
        ),
        (removals(&["a", "a"]), "/removed/1/transaction_id", "duplicate"),
        (with("amount", json!("ten")), "/transactions/0/amount", "not-a-number"),
        (with("amount", json!("0.001")), "/transactions/0/amount", "too-many-decimals"),
        (with("amount", json!("1e30")), "/transactions/0/amount", "too-many-digits"),
        (
            with("iso_currency_code", json!("dollars")),
            "/transactions/0/iso_currency_code",
            "unknown-currency",
        ),
        (
            with("pending_transaction_id", json!("t")),
            "/transactions/0/pending_transaction_id",
            "contradiction",
        ),
        (with("account_id", json!("other")), "/transactions/0/account_id", "unknown-account"),
        (moved, "/transactions/0/account_id", "other-account"),
        (payload(&[reused]), "/transactions/0/transaction_id", "reused-id"),
        (at("webhook_code", json!("TRANSACTIONS_REMOVED")), "/webhook_code", "wrong-path"),
        (with("extra", vec![json!(0); 500_001].into()), "", "too-many-values"),
        (at("extra", nested), "/extra", "too-deep"),
        (
            at("extra", (0..257).map(|n| (n.to_string(), json!(n))).collect()),
            "/extra",
            "too-many-fields",
        ),
        (at(&long_name, json!(1)), "", "field-name-too-long"),
        (costly, "", "too-costly"),
    ]
}

#[tokio::test]
async fn every_code_is_reported_over_http_with_its_place() {
    let tenant = Tenant::new("codes: all").await;
    tenant.api.finished(&tenant.api.accept(&payload(&[transaction("known", "-10")])).await).await;
    let before = tenant.rows().await;
    let mut seen = BTreeSet::new();
    let mut unexpected = Vec::new();
    for (body, pointer, code) in invalid_batches() {
        let response = tenant.api.post(&body).await;
        let errors = response.errors();
        // A limit of the structure may be exceeded further inside.
        let is_inside = code == "too-deep" && errors[0][1].starts_with(pointer);
        let place = if is_inside { errors[0][1].as_str() } else { pointer };
        if errors != [["pointer", place, code]] {
            unexpected.push(format!("{code}: {}", response.text));
        }
        seen.insert(code.to_owned());
    }
    // A member that is sent twice.
    let body = payload(&[transaction("t", "-1")]).to_string();
    let repeated = body.replacen("\"amount\":", "\"amount\":\"-2\",\"amount\":", 1);
    let response = tenant.api.post_bytes(&[], repeated.into()).await;
    assert_eq!(response.errors(), [["pointer", "/transactions/0/amount", "repeated-field"]]);
    seen.insert("repeated-field".to_owned());

    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let all = FaultCode::ALL.map(|code| serde_json::to_value(code).unwrap());
    let all: BTreeSet<_> = all.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, all);
    assert_eq!(tenant.rows().await, before);
}

#[tokio::test]
async fn fault_of_a_query_has_a_parameter_and_that_of_a_key_a_header() {
    let tenant = Tenant::new("codes: places").await;
    tenant.api.accept(&payload(&[transaction("t", "-1")])).await;
    let get = async |path: &str| -> Response { tenant.api.get(path).await };
    let list = get(&format!("{TRANSACTIONS}?limit=0&status=x")).await;
    let invalid = |name| ["parameter", name, "invalid-format"];
    assert_eq!(list.errors(), [invalid("status"), invalid("limit")]);
    let summary = "/api/reports/account/acc/summary?";
    for (query, errors) in [
        ("start_date=2025-10-01", [["parameter", "end_date", "required"]]),
        ("start_date=2025-10-02&end_date=2025-10-01", [["parameter", "end_date", "out-of-range"]]),
        ("start_date=2000-01-01&end_date=2025-10-01", [["parameter", "end_date", "out-of-range"]]),
        (
            "start_date=2025-10-01&end_date=2025-10-02&currency=usd",
            [["parameter", "currency", "unknown-currency"]],
        ),
    ] {
        assert_eq!(get(&format!("{summary}{query}")).await.errors(), errors, "{query}");
    }
    let keyed = tenant.api.post_with(&[("idempotency-key", "")], &payload(&[])).await;
    assert_eq!(keyed.errors(), [["header", "Idempotency-Key", "invalid-format"]]);
}
