//! Sums are exact, and amounts of different currencies are never added.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{numbered, payload, transaction};

fn in_currency(id: &str, amount: &str, currency: &str) -> Value {
    let mut transaction = transaction(id, amount);
    transaction["iso_currency_code"] = json!(currency);
    transaction
}

#[tokio::test]
async fn sums_of_decimal_fractions_are_exact_in_the_json_text() {
    let tenant = Tenant::new("sums: fractions").await;
    // The amounts are JSON numbers, which must not be parsed as floats.
    let body = r#"{"accounts": [{"account_id": "acc", "name": "A", "type": "depository"}],
        "transactions": [
            {"transaction_id": "a", "account_id": "acc", "amount": -0.10,
             "iso_currency_code": "USD", "date": "2025-10-30", "name": "Amazon"},
            {"transaction_id": "b", "account_id": "acc", "amount": -0.20,
             "iso_currency_code": "USD", "date": "2025-10-30", "name": "Amazon"},
            {"transaction_id": "c", "account_id": "acc", "amount": 999999999999999.99,
             "iso_currency_code": "USD", "date": "2025-10-30", "name": "Stripe"}],
        "total_transactions": 3}"#;
    let response = tenant.api.post_bytes(&[], body.into()).await;
    assert_eq!(response.status, 202, "{}", response.text);
    let summary = tenant.api.settled_summary("acc", "").await.text;
    let metrics = concat!(
        r#""metrics":{"total_transactions":3,"total_spend":0.30,"#,
        r#""total_income":999999999999999.99,"net":999999999999999.69}"#
    );
    assert!(summary.contains(metrics), "{summary}");
    let shopping = r#"{"category":"Shopping","total_spend":0.30,"transaction_count":2}"#;
    assert!(summary.contains(shopping), "{summary}");
}

#[tokio::test]
async fn sums_of_ten_thousand_transactions_are_exact() {
    let tenant = Tenant::new("sums: ten thousand").await;
    let mut body = numbered(10_000, "-0.10");
    for index in (0..10_000).step_by(2) {
        body["transactions"][index]["amount"] = json!("-0.20");
    }
    let batch_id = tenant.api.accept(&body).await;
    let batch = tenant.api.finished(&batch_id).await;
    let all_completed = json!({"pending": 0, "processing": 0, "completed": 10_000, "failed": 0});
    assert_eq!(batch["processing_status"], all_completed);
    let summary = tenant.api.settled_summary("acc", "").await.text;
    let metrics = concat!(
        r#""metrics":{"total_transactions":10000,"total_spend":1500.00,"#,
        r#""total_income":0.00,"net":-1500.00}"#
    );
    assert!(summary.contains(metrics), "{summary}");
    let shopping = r#"{"category":"Shopping","total_spend":1500.00,"transaction_count":10000}"#;
    assert!(summary.contains(shopping), "{summary}");
}

#[tokio::test]
async fn amounts_of_different_currencies_are_not_added() {
    let tenant = Tenant::new("sums: currencies").await;
    let body = payload(&[
        in_currency("a", "-1.10", "USD"),
        in_currency("b", "-2.20", "EUR"),
        in_currency("c", "-3.30", "EUR"),
        in_currency("d", "-500", "JPY"),
    ]);
    tenant.api.accept(&body).await;
    let most_used = tenant.api.settled_summary("acc", "").await.text;
    assert!(most_used.contains(r#""currency":"EUR""#), "{most_used}");
    assert!(most_used.contains(r#""currencies":["EUR","JPY","USD"]"#), "{most_used}");
    for (currency, count, spend) in [("EUR", 2, "5.50"), ("USD", 1, "1.10"), ("JPY", 1, "500")] {
        let report = tenant.api.settled_summary("acc", &format!("&currency={currency}")).await.text;
        let currency = format!(r#""currency":"{currency}""#);
        let metrics = format!(r#"{{"total_transactions":{count},"total_spend":{spend},"#);
        assert!(report.contains(&format!(r#"{currency},"metrics":{metrics}"#)), "{report}");
    }
    let unused = tenant.api.summary("acc", "&currency=CHF").await.json();
    assert_eq!(unused["metrics"]["total_transactions"], 0);
}

#[tokio::test]
async fn invalid_period_is_rejected() {
    let tenant = Tenant::new("sums: periods").await;
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let summary = "/api/reports/account/acc/summary";
    for (query, pointers) in [
        ("?start_date=2025-10-31&end_date=2025-10-01", &["?end_date"][..]),
        ("?start_date=2025-10-01", &["?end_date"]),
        ("", &["?start_date", "?end_date"]),
        ("?start_date=2025-02-30&end_date=x", &["?start_date", "?end_date"]),
        ("?start_date=2025-10-01&end_date=2025-10-31&currency=usd", &["?currency"]),
    ] {
        let response = tenant.api.get(&format!("{summary}{query}")).await;
        assert_eq!(response.error_pointers(), pointers, "{query}");
    }
}
