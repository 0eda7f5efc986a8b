//! Every route returns the documented response, with and without a trailing slash.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, Response, example};

/// The responses of a path without and with a trailing slash.
async fn with_and_without_slash(api: &Api, path: &str, query: &str) -> [Response; 2] {
    [api.get(&format!("{path}{query}")).await, api.get(&format!("{path}/{query}")).await]
}

#[tokio::test]
async fn example_of_the_design_is_accepted_and_categorised_as_shopping() {
    let tenant = Tenant::new("endpoints: example").await;
    let response = tenant.api.post_bytes(&[], example().into()).await;
    assert_eq!(response.status, 202, "{}", response.text);
    assert_eq!(response.header("content-type"), "application/json");
    let body = response.json();
    let batch_id = body["batch_id"].as_str().unwrap();
    assert_eq!(response.header("location"), format!("/api/batches/{batch_id}"));
    let expected = json!({
        "batch_id": batch_id, "total_transactions": 1, "inserted": 1, "updated": 0,
        "unchanged": 0, "removed": 0, "removed_unknown": 0,
        "correlation_id": response.header("x-correlation-id")
    });
    assert_eq!(body, expected);
    assert_eq!(uuid::Uuid::parse_str(batch_id).unwrap().get_version_num(), 7);

    let batch = tenant.api.finished(batch_id).await;
    assert_eq!(
        batch["processing_status"],
        json!({"pending": 0, "processing": 0, "completed": 1, "failed": 0})
    );
    let page = tenant.api.get("/api/accounts/acc_12345/transactions").await.json();
    assert_eq!(page["transactions"][0]["category"], "Shopping");
    assert_eq!(page["transactions"][0]["status"], "completed");
}

#[tokio::test]
async fn ingest_accepts_paths_with_and_without_a_trailing_slash() {
    let tenant = Tenant::new("endpoints: ingest").await;
    for (path, inserted) in
        [("/api/integrations/transactions", 1), ("/api/integrations/transactions/", 0)]
    {
        let headers =
            [("content-type", "application/json; charset=utf-8"), ("idempotency-key", path)];
        let response = tenant.api.send(Method::POST, path, &headers, Some(example().into())).await;
        assert_eq!((response.status, response.json()["inserted"].as_i64()), (202, Some(inserted)));
    }
}

#[tokio::test]
async fn report_accepts_paths_with_and_without_a_trailing_slash() {
    let tenant = Tenant::new("endpoints: reports").await;
    let accepted = tenant.api.post_bytes(&[], example().into()).await.json();
    let batch_id = accepted["batch_id"].as_str().unwrap().to_owned();
    tenant.api.finished(&batch_id).await;

    for response in
        with_and_without_slash(&tenant.api, &format!("/api/batches/{batch_id}"), "").await
    {
        assert_eq!(response.status, 200, "{}", response.text);
        let body = response.json();
        for field in ["accepted_at", "started_at", "finished_at"] {
            let time = body[field].as_str().unwrap();
            assert!(time.ends_with('Z') && time.contains('T'), "{field}: {time}");
        }
        assert_eq!(body["failures"], json!([]));
        assert_eq!((&body["batch_id"], &body["total_transactions"]), (&json!(batch_id), &json!(1)));
        assert_eq!(body["correlation_id"], accepted["correlation_id"], "that of the POST");
    }

    for response in
        with_and_without_slash(&tenant.api, "/api/accounts/acc_12345/transactions", "?limit=5")
            .await
    {
        assert_eq!(response.status, 200, "{}", response.text);
        assert!(response.text.contains(r#""amount":-42.50"#), "{}", response.text);
        let body = response.json();
        assert_eq!(
            (&body["account_id"], &body["next_cursor"]),
            (&json!("acc_12345"), &Value::Null)
        );
        let row = &body["transactions"][0];
        for (field, expected) in [
            ("transaction_id", json!("tx_1")),
            ("iso_currency_code", json!("USD")),
            ("unofficial_currency_code", Value::Null),
            ("date", json!("2025-10-30")),
            ("datetime", json!("2025-10-30T08:00:00Z")),
            ("authorized_date", json!("2025-10-30")),
            ("name", json!("AMZN Mktp US*2K4")),
            ("merchant_name", json!("Amazon")),
            ("payment_channel", json!("online")),
            ("merchant_category_code", json!("5942")),
            ("pending", json!(false)),
            ("pending_transaction_id", Value::Null),
            ("replaced_by", Value::Null),
            ("removed_at", Value::Null),
            ("bank_category", Value::Null),
            ("revision", json!(1)),
            ("attempts", json!(1)),
            ("failure_reason", Value::Null),
            ("batch_id", json!(batch_id)),
        ] {
            assert_eq!(row[field], expected, "{field}");
        }
        assert_eq!(row["personal_finance_category"]["primary"], "GENERAL_MERCHANDISE");
    }

    let range = "?start_date=2025-10-01&end_date=2025-10-31";
    for response in
        with_and_without_slash(&tenant.api, "/api/reports/account/acc_12345/summary", range).await
    {
        assert_eq!(response.status, 200, "{}", response.text);
        let mut body = response.json();
        assert_eq!(body["correlation_id"], response.header("x-correlation-id"));
        body.as_object_mut().unwrap().remove("correlation_id");
        let metrics = concat!(
            r#""metrics":{"total_transactions":1,"total_spend":42.50,"#,
            r#""total_income":0.00,"net":-42.50}"#
        );
        assert!(response.text.contains(metrics), "{}", response.text);
        let expected = json!({
            "account_id": "acc_12345",
            "date_range": {"start": "2025-10-01", "end": "2025-10-31"},
            "currency": "USD",
            "metrics": {
                "total_transactions": 1, "total_spend": 42.5, "total_income": 0.0, "net": -42.5
            },
            "top_categories": [
                {"category": "Shopping", "total_spend": 42.5, "transaction_count": 1}
            ],
            "processing_status": {"pending": 0, "processing": 0, "completed": 1, "failed": 0},
            "currencies": ["USD"]
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn health_and_openapi_need_no_key() {
    let tenant = Tenant::new("endpoints: open").await;
    let open = tenant.api.with_key(None);
    for response in with_and_without_slash(&open, "/api/health", "").await {
        assert_eq!(response.status, 200, "{}", response.text);
        let expected = json!({"status": "ok", "database": "ok", "queue": "ok"});
        assert_eq!(response.json(), expected);
    }
    for response in with_and_without_slash(&open, "/api/openapi.json", "").await {
        assert_eq!((response.status, response.header("content-type")), (200, "application/json"));
        assert!(response.json().is_object());
    }
}

#[tokio::test]
async fn unknown_path_is_404_and_unknown_method_is_405() {
    let tenant = Tenant::new("endpoints: no route").await;
    tenant.api.get("/api/nothing").await.assert_problem(404);
    tenant.api.get("/").await.assert_problem(404);
    let response = tenant.api.get("/api/integrations/transactions").await;
    response.assert_problem(405);
    assert_eq!(response.header("allow"), "POST");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let response = tenant.api.send(method, "/api/health/", &[], None).await;
        response.assert_problem(405);
        assert_eq!(response.header("allow"), "GET");
    }
}
