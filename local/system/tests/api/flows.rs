//! Cash flow and merchants of an account.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, in_currency, payload, transaction};

async fn report(api: &Api, name: &str, query: &str) -> crate::support::Response {
    api.get(&format!("/api/reports/account/acc/{name}?{query}")).await
}

fn on(date: &str, mut transaction: Value) -> Value {
    transaction["date"] = json!(date);
    transaction
}

#[tokio::test]
async fn cash_flow_has_every_interval_and_the_totals_of_the_summary() {
    let tenant = Tenant::new("flows: intervals").await;
    let body = payload(&[
        on("2025-10-01", transaction("a", "-0.10")),
        on("2025-10-05", transaction("b", "-0.20")),
        on("2025-10-06", transaction("c", "1000")),
        on("2025-10-31", transaction("d", "-3")),
        on("2025-11-01", transaction("e", "-100")),
        on("2025-10-02", in_currency("f", "-7", "JPY")),
    ]);
    let batch_id = tenant.api.accept(&body).await;
    tenant.api.finished(&batch_id).await;
    let range = "start_date=2025-10-01&end_date=2025-10-31";
    let summary = tenant.api.settled_summary("acc", "").await.json();
    for (interval, ends) in [
        ("month", vec!["2025-10-31"]),
        ("week", vec!["2025-10-05", "2025-10-12", "2025-10-19", "2025-10-26", "2025-10-31"]),
    ] {
        let response =
            report(&tenant.api, "cashflow", &format!("{range}&interval={interval}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
        let body = response.json();
        for member in ["account_id", "date_range", "currency", "currencies", "metrics"] {
            assert_eq!(body[member], summary[member], "{member}");
        }
        assert_eq!(body["interval"], interval);
        let series = body["series"].as_array().unwrap();
        let listed: Vec<_> = series.iter().map(|it| it["end"].as_str().unwrap()).collect();
        assert_eq!(listed, ends);
        assert_eq!(series[0]["start"], "2025-10-01");
        assert_eq!(body["correlation_id"], response.header("x-correlation-id"));
    }
    let weeks = report(&tenant.api, "cashflow", &format!("{range}&interval=week")).await.text;
    for part in [
        r#"{"start":"2025-10-01","end":"2025-10-05","total_transactions":2,"total_spend":0.30,"total_income":0.00,"net":-0.30,"total_transfers":0.00,"categories":[{"category":"Shopping","total_spend":0.30,"total_income":0.00,"transaction_count":2}]}"#,
        r#"{"start":"2025-10-13","end":"2025-10-19","total_transactions":0,"total_spend":0.00,"total_income":0.00,"net":0.00,"total_transfers":0.00,"categories":[]}"#,
    ] {
        assert!(weeks.contains(part), "{weeks}");
    }
    let months = report(&tenant.api, "cashflow", range).await.json();
    assert_eq!(months["interval"], "month", "by default");
    let yen = report(&tenant.api, "cashflow", &format!("{range}&currency=JPY")).await.text;
    assert!(yen.contains(r#""total_spend":7,"total_income":0,"net":-7"#), "{yen}");
}

#[tokio::test]
async fn merchants_are_ordered_by_spend_then_name() {
    let tenant = Tenant::new("flows: merchants").await;
    let by = |id: &str, merchant: Value, amount: &str| {
        let mut row = transaction(id, amount);
        row["merchant_name"] = merchant;
        row["name"] = json!("Corner Shop");
        row
    };
    let body = payload(&[
        by("a", json!("B"), "-2"),
        by("b", json!("A"), "-2"),
        by("c", Value::Null, "-9.5"),
        by("d", json!("A"), "1"),
    ]);
    tenant.api.accept(&body).await;
    let range = "start_date=2025-10-01&end_date=2025-10-31";
    let text = report(&tenant.api, "merchants", &format!("{range}&limit=2")).await.text;
    let expected = concat!(
        r#"{"account_id":"acc","date_range":{"start":"2025-10-01","end":"2025-10-31"},"#,
        r#""currency":"USD","merchants":[{"merchant":"Corner Shop","total_spend":9.50,"#,
        r#""total_income":0.00,"transaction_count":1},{"merchant":"A","total_spend":2.00,"#,
        r#""total_income":1.00,"transaction_count":2}],"scanned_transactions":4,"#,
        r#""is_complete":true,"#
    );
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn invalid_parameter_of_a_report_is_rejected_with_its_name_and_code() {
    let tenant = Tenant::new("flows: rejections").await;
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let range = "start_date=2025-10-01&end_date=2025-10-31";
    for (name, query, places) in [
        ("cashflow", String::new(), vec!["start_date required", "end_date required"]),
        ("cashflow", format!("{range}&interval=year"), vec!["interval invalid-format"]),
        ("cashflow", format!("{range}&currency=usd"), vec!["currency unknown-currency"]),
        (
            "cashflow",
            "start_date=2015-01-01&end_date=2025-01-01".to_owned(),
            vec!["end_date out-of-range"],
        ),
        ("merchants", format!("{range}&limit=51"), vec!["limit invalid-format"]),
        ("merchants", "start_date=2025-10-01".to_owned(), vec!["end_date required"]),
    ] {
        let errors = report(&tenant.api, name, &query).await.errors();
        let found: Vec<_> =
            errors.iter().map(|[_, place, code]| format!("{place} {code}")).collect();
        assert_eq!(found, places, "{name} {query}");
    }
}

#[tokio::test]
async fn reports_of_unknown_accounts_and_of_other_tenants_are_404() {
    let (tenant, other) = (Tenant::new("flows: one").await, Tenant::new("flows: other").await);
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    let range = "start_date=2025-10-01&end_date=2025-10-31";
    for name in ["cashflow", "merchants"] {
        report(&other.api, name, range).await.assert_problem(404);
        let unknown = format!("/api/reports/account/unknown/{name}?{range}");
        tenant.api.get(&unknown).await.assert_problem(404);
        let empty = report(&tenant.api, name, "start_date=2024-10-01&end_date=2024-10-31").await;
        assert_eq!((empty.status, &empty.json()["currency"]), (200, &Value::Null));
    }
}
