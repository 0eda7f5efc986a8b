//! Sums are exact, and amounts of different currencies are never added.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{in_currency, numbered, payload, transaction};

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
async fn sum_of_amounts_of_28_digits_is_exact_in_the_json_text() {
    let tenant = Tenant::new("sums: 28 digits").await;
    let largest = "-99999999999999999999999999.99";
    let spend: Vec<_> = (0..200).map(|index| transaction(&format!("{index}"), largest)).collect();
    tenant.api.accept(&payload(&spend)).await;
    tenant.api.accept(&payload(&[transaction("income", "0.01")])).await;
    let summary = tenant.api.settled_summary("acc", "").await.text;
    let metrics = concat!(
        r#""metrics":{"total_transactions":201,"total_spend":19999999999999999999999999998.00,"#,
        r#""total_income":0.01,"net":-19999999999999999999999999997.99}"#
    );
    assert!(summary.contains(metrics), "{summary}");
    let category = r#""total_spend":19999999999999999999999999998.00,"transaction_count":20"#;
    assert!(summary.contains(category), "{summary}");

    let too_long = tenant.api.post(&payload(&[transaction("a", &format!("{largest}1"))])).await;
    assert_eq!(too_long.error_pointers(), ["/transactions/0/amount"]);
    let too_long = transaction("a", "100000000000000000000000000");
    let response = tenant.api.post(&payload(&[too_long])).await;
    assert_eq!(response.error_pointers(), ["/transactions/0/amount"]);
}

fn in_unofficial(id: &str, amount: &str, currency: &str) -> Value {
    let mut transaction = in_currency(id, amount, currency);
    transaction["iso_currency_code"] = Value::Null;
    transaction["unofficial_currency_code"] = json!(currency);
    transaction
}

#[tokio::test]
async fn unofficial_and_withdrawn_currencies_are_summed_apart() {
    let tenant = Tenant::new("sums: unofficial").await;
    let mut mark = in_currency("mark", "-12.34", "DEM");
    mark["date"] = json!("1999-05-01");
    let body = payload(&[
        in_unofficial("a", "-0.00012345", "BTC"),
        in_unofficial("b", "-0.00010000", "BTC"),
        in_unofficial("c", "1.000000000000000001", "ETH"),
        in_currency("d", "-2.50", "ANG"),
        mark,
    ]);
    tenant.api.accept(&body).await;
    let bitcoin = tenant.api.settled_summary("acc", "&currency=BTC").await.text;
    let metrics = concat!(
        r#""currency":"BTC","metrics":{"total_transactions":2,"total_spend":0.00022345,"#,
        r#""total_income":0,"net":-0.00022345}"#
    );
    assert!(bitcoin.contains(metrics), "{bitcoin}");
    assert!(bitcoin.contains(r#""currencies":["BTC","ANG","ETH"]"#), "{bitcoin}");
    let guilder = tenant.api.summary("acc", "&currency=ANG").await.text;
    assert!(guilder.contains(r#""total_spend":2.50,"#), "{guilder}");

    let summary = "/api/reports/account/acc/summary?start_date=1999-01-01&end_date=1999-12-31";
    let mark = tenant.api.get(summary).await.text;
    assert!(mark.contains(r#""currency":"DEM""#) && mark.contains(r#""net":-12.34"#), "{mark}");

    let listed = tenant.api.get("/api/accounts/acc/transactions").await;
    assert!(listed.text.contains(r#""amount":-0.0001,"#), "{}", listed.text);
    let codes = |id: &str| {
        let body = listed.json();
        let rows = body["transactions"].as_array().unwrap();
        let row = rows.iter().find(|row| row["transaction_id"] == id).unwrap();
        (row["iso_currency_code"].clone(), row["unofficial_currency_code"].clone())
    };
    assert_eq!(codes("a"), (Value::Null, json!("BTC")));
    assert_eq!(codes("d"), (json!("ANG"), Value::Null));
}

#[tokio::test]
async fn currency_that_is_mistaken_for_one_of_iso_4217_is_rejected_with_a_hint() {
    let tenant = Tenant::new("sums: hints").await;
    for (transaction, pointer, hint) in [
        (in_currency("a", "-1", "GBp"), "iso_currency_code", "send GBP"),
        (in_currency("a", "-1", "RUR"), "iso_currency_code", "send RUB"),
        (in_currency("a", "-1", "usd"), "iso_currency_code", "must be in upper case: USD"),
        (in_currency("a", "-1", "BTC"), "iso_currency_code", "unofficial_currency_code"),
        (in_unofficial("a", "-1", "Usd"), "unofficial_currency_code", "send USD"),
    ] {
        let response = tenant.api.post(&payload(&[transaction])).await;
        assert_eq!(response.error_pointers(), [format!("/transactions/0/{pointer}")]);
        assert!(response.text.contains(hint), "{}", response.text);
    }
}

#[tokio::test]
async fn invalid_period_is_rejected() {
    let tenant = Tenant::new("sums: periods").await;
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let summary = "/api/reports/account/acc/summary";
    for (query, parameters) in [
        ("?start_date=2025-10-31&end_date=2025-10-01", &["end_date"][..]),
        ("?start_date=2025-10-01", &["end_date"]),
        ("", &["start_date", "end_date"]),
        ("?start_date=2025-02-30&end_date=x", &["start_date", "end_date"]),
        ("?start_date=2025-10-01&end_date=2025-10-31&currency=usd", &["currency"]),
    ] {
        let response = tenant.api.get(&format!("{summary}{query}")).await;
        assert_eq!(response.error_places("parameter"), parameters, "{query}");
    }
}
