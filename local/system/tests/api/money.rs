//! Amounts and currencies: what is accepted, and the exact text of the answer.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{TRANSACTIONS, in_currency, payload, transaction};

fn unofficial(id: &str, amount: &str, code: &str) -> Value {
    let mut body = in_currency(id, amount, "");
    body["iso_currency_code"] = Value::Null;
    body["unofficial_currency_code"] = json!(code);
    body
}

#[tokio::test]
async fn amount_is_answered_with_the_decimals_of_its_currency() {
    let tenant = Tenant::new("money: decimals").await;
    for (row, date, answer) in [
        (in_currency("t", "-10", "USD"), "2025-10-30", "-10.00"),
        // Withdrawn currencies of any time.
        (in_currency("t", "-10.5", "ANG"), "2025-01-15", "-10.50"),
        (in_currency("t", "-10.55", "DEM"), "1999-03-01", "-10.55"),
        (in_currency("t", "7.1", "HRK"), "2022-12-31", "7.10"),
        (in_currency("t", "-0.01", "ZWL"), "2024-01-01", "-0.01"),
        // No minor unit, three and four decimals.
        (in_currency("t", "-500", "JPY"), "2025-10-30", "-500"),
        (in_currency("t", "-500.000", "JPY"), "2025-10-30", "-500"),
        (in_currency("t", "1.234", "KWD"), "2025-10-30", "1.234"),
        (in_currency("t", "1.2345", "CLF"), "2025-10-30", "1.2345"),
        (unofficial("t", "-0.00012345", "BTC"), "2025-10-30", "-0.00012345"),
        (unofficial("t", "0.000000000000000001", "ETH"), "2025-10-30", "0.000000000000000001"),
        (unofficial("t", "15", "Points-2x"), "2025-10-30", "15"),
        // 28 digits, and any notation of a number.
        (
            in_currency("t", "99999999999999999999999999.99", "USD"),
            "2025-10-30",
            "99999999999999999999999999.99",
        ),
        (
            unofficial("t", "-9999999999.999999999999999999", "ETH"),
            "2025-10-30",
            "-9999999999.999999999999999999",
        ),
        (in_currency("t", "-1.5e2", "USD"), "2025-10-30", "-150.00"),
        (in_currency("t", "-0", "USD"), "2025-10-30", "0.00"),
    ] {
        let mut row = row;
        row["date"] = json!(date);
        // Another transaction each time.
        let id = uuid::Uuid::now_v7().to_string();
        row["transaction_id"] = json!(id);
        tenant.api.accept(&payload(&[row.clone()])).await;
        let stored = tenant.api.get(&format!("{TRANSACTIONS}/{id}")).await;
        let text = format!("\"amount\":{answer},");
        assert!(stored.text.contains(&text), "{row}: {}", stored.text);
        let body = stored.json();
        for field in ["iso_currency_code", "unofficial_currency_code"] {
            assert_eq!(body[field], row[field], "{row}");
        }
    }
}

#[tokio::test]
async fn totals_of_an_unofficial_currency_are_apart() {
    let tenant = Tenant::new("money: apart").await;
    let rows = [
        transaction("usd", "-10"),
        unofficial("btc", "-0.00012345", "BTC"),
        unofficial("more", "0.5", "BTC"),
        // Codes are compared exactly.
        unofficial("lower", "-3", "btc"),
    ];
    tenant.api.accept(&payload(&rows)).await;
    let summary = tenant.api.settled_summary("acc", "").await.json();
    assert_eq!(summary["currencies"], json!(["BTC", "USD", "btc"]));
    for (currency, totals) in [
        ("USD", ["1", "10.00", "0.00"]),
        ("BTC", ["2", "0.00012345", "0.5"]),
        ("btc", ["1", "3", "0"]),
        ("ETH", ["0", "0", "0"]),
    ] {
        assert_eq!(tenant.api.totals(&format!("&currency={currency}")).await, totals, "{currency}");
    }
}

#[tokio::test]
async fn currency_of_a_known_transaction_may_change_and_totals_follow() {
    let tenant = Tenant::new("money: change").await;
    tenant.api.accept(&payload(&[transaction("t", "-10")])).await;
    let body = payload(&[in_currency("t", "-10", "EUR")]);
    assert_eq!(tenant.api.post(&body).await.counts(), [0, 1, 0, 0, 0]);
    let summary = tenant.api.settled_summary("acc", "").await.json();
    assert_eq!(summary["currencies"], json!(["EUR"]));
    assert_eq!(tenant.api.transaction("t").await["revisions"][0]["iso_currency_code"], "USD");
}

#[tokio::test]
async fn invalid_amount_or_currency_is_rejected_with_its_code() {
    let tenant = Tenant::new("money: invalid").await;
    let both = |code: &str| {
        let mut row = in_currency("t", "-1", "USD");
        row["unofficial_currency_code"] = json!(code);
        row
    };
    let mut neither = in_currency("t", "-1", "USD");
    neither["iso_currency_code"] = Value::Null;
    for (row, field, code) in [
        (transaction("t", "-10.001"), "amount", "too-many-decimals"),
        (in_currency("t", "-1.5", "JPY"), "amount", "too-many-decimals"),
        (unofficial("t", "0.0000000000000000001", "ETH"), "amount", "too-many-decimals"),
        (transaction("t", "100000000000000000000000000"), "amount", "too-many-digits"),
        (transaction("t", "1e40"), "amount", "too-many-digits"),
        (transaction("t", &"1".repeat(65)), "amount", "too-long"),
        (transaction("t", "1,50"), "amount", "not-a-number"),
        (transaction("t", ""), "amount", "not-a-number"),
        (transaction("t", "NaN"), "amount", "not-a-number"),
        (in_currency("t", "-1", "BTC"), "iso_currency_code", "unknown-currency"),
        (in_currency("t", "-1", "usd"), "iso_currency_code", "unknown-currency"),
        (in_currency("t", "-1", "XYZ"), "iso_currency_code", "unknown-currency"),
        (unofficial("t", "-1", "USD"), "unofficial_currency_code", "unknown-currency"),
        (unofficial("t", "-1", "ThirteenChars"), "unofficial_currency_code", "unknown-currency"),
        (unofficial("t", "-1", "My coin"), "unofficial_currency_code", "unknown-currency"),
        (in_currency("t", "-1", "XAU"), "iso_currency_code", "unknown-currency"),
        (both("BTC"), "unofficial_currency_code", "contradiction"),
        (both("USD"), "unofficial_currency_code", "contradiction"),
        (neither, "iso_currency_code", "required"),
        (unofficial("t", "-1", " "), "iso_currency_code", "required"),
    ] {
        let response = tenant.api.post(&payload(&[row])).await;
        let pointer = format!("/transactions/0/{field}");
        assert_eq!(response.errors(), [["pointer", &pointer, code]], "{}", response.text);
    }
}
