//! The functions respond as the document says, as far as they can without a database.
//!
//! The requests are the sample events of `events/`, with changes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, StatusCode};
use ingest::{Ingest, Limits};
use keys::Keys;
use lambda_http::{Body, RequestExt, Response};
use report::cursor::{AccountCursor, BatchCursor, TransactionCursor};
use report::{Report, SEARCH_LENGTH_MAX};
use serde_json::{Value, json};
use tributary_domain::api_key::Pepper;
use tributary_domain::request::limits::{BODY_BYTES_MAX, ID_BYTES_MAX};
use tributary_lambda::aws::Aws;
use tributary_lambda::http::{Handler, respond};
use tributary_lambda::metrics::Metrics;
use tributary_lambda::routes::{self, Call, IngestCall, ReportCall};
use tributary_queue::{EnrichMessage, Queue};
use tributary_store::Store;
use tributary_testkit::gzip::gzip;

use super::document::{at, closed_validator, document, faults, follow, operation};

const INGEST_EVENT: &str = include_str!("../../../events/api-ingest.json");
const SUMMARY_EVENT: &str = include_str!("../../../events/api-summary.json");
const SQS_EVENT: &str = include_str!("../../../events/sqs.json");

/// A missing socket. Connecting to it fails at once; a closed port would be retried for seconds.
const UNREACHABLE_DATABASE: &str = "postgres://user@localhost/database?host=/missing";

fn store() -> Store {
    Store::connect_lazily(&UNREACHABLE_DATABASE.into()).unwrap()
}

async fn queue() -> Queue {
    Queue::new(Aws::default().config().await, "http://127.0.0.1:1/queue".to_owned())
}

async fn ingest() -> Ingest {
    Ingest::new(store(), queue().await, Limits::default(), Metrics::new("ingest", "test"))
}

/// A sample event with some values replaced, by JSON Pointer.
fn event(sample: &str, changes: &[(&str, Value)]) -> Value {
    let mut event: Value = serde_json::from_str(sample).unwrap();
    for (pointer, value) in changes {
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
    }
    event
}

/// A GET of a path with a query, from the tenant of the sample.
fn get(path: &str, query: Value) -> Value {
    let multiple = query.as_object().map(|query| {
        query.iter().map(|(name, value)| (name.clone(), json!([value]))).collect::<Value>()
    });
    event(
        SUMMARY_EVENT,
        &[
            ("/path", json!(path)),
            ("/pathParameters", Value::Null),
            ("/queryStringParameters", query),
            ("/multiValueQueryStringParameters", multiple.unwrap_or_default()),
        ],
    )
}

async fn send(handler: &impl Handler, event: &Value) -> Response<Body> {
    let request: Request<Body> = lambda_http::request::from_str(&event.to_string()).unwrap();
    respond(handler, request).await
}

/// Asserts that the operation documents the response.
fn assert_documented(operation_id: &str, status: StatusCode, response: &Response<Body>) {
    assert_eq!(response.status(), status, "{operation_id}: {response:?}");
    let documented = &operation(operation_id)["responses"][status.as_str()];
    assert!(documented.is_object(), "{operation_id} has no {status}");
    assert_matches(follow(documented), response);
}

fn assert_matches(documented: &'static Value, response: &Response<Body>) {
    assert_headers(&documented["headers"], response.headers());
    let content_type = response.headers()["content-type"].to_str().unwrap();
    let schema = &documented["content"][content_type]["schema"];
    assert!(schema.is_object(), "{content_type} is not documented: {documented}");
    let Body::Text(body) = response.body() else { panic!("{:?} is not text", response.body()) };
    let body = serde_json::from_str(body).unwrap();
    let faults = faults(&closed_validator(schema), &body);
    assert!(faults.is_empty(), "{body}: {faults:?}");
}

fn assert_headers(documented: &'static Value, sent: &HeaderMap) {
    let documented = documented.as_object().unwrap();
    for name in sent.keys().filter(|name| *name != "content-type") {
        let known = documented.keys().any(|known| known.eq_ignore_ascii_case(name.as_str()));
        assert!(known, "the header {name} is not documented");
    }
    for (name, header) in documented {
        let header = follow(header);
        let Some(value) = sent.get(name) else {
            assert_ne!(header["required"], true, "{name} is missing");
            continue;
        };
        let text = value.to_str().unwrap();
        let number = text.parse::<u64>().map(Value::from);
        let value = number.unwrap_or_else(|_| Value::from(text));
        let faults = faults(&closed_validator(&header["schema"]), &value);
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
}

#[tokio::test]
async fn keys_responds_as_documented() {
    let pepper = Pepper::new(&"p".repeat(Pepper::LENGTH_MIN)).unwrap();
    let keys = Keys::new(store(), pepper);
    let create = |body: &str, authorizer: Value| {
        let changes = [
            ("/path", json!("/api/keys")),
            ("/pathParameters", Value::Null),
            ("/body", json!(body)),
            ("/requestContext/authorizer", authorizer),
        ];
        event(INGEST_EVENT, &changes)
    };
    let tenant = json!({"tenant_id": uuid::Uuid::now_v7(), "scopes": "admin", "api_key_id": "k"});
    let valid = r#"{"name": "n", "scopes": ["report"]}"#;
    for (status, body, authorizer) in [
        (503, valid, &tenant),
        (401, valid, &json!({})),
        (400, "{", &tenant),
        (413, &"x".repeat(20_000), &tenant),
        (422, "{}", &tenant),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let event = create(body, authorizer.clone());
        assert_documented("createKey", status, &send(&keys, &event).await);
    }
    let credential = event(
        SUMMARY_EVENT,
        &[
            ("/path", json!("/api/credential")),
            ("/pathParameters", Value::Null),
            ("/requestContext/authorizer", tenant),
        ],
    );
    assert_documented("getCredential", StatusCode::OK, &send(&keys, &credential).await);
}

#[tokio::test]
async fn ingest_responds_as_documented() {
    let ingest = ingest().await;
    let header = |name: &str, value: &str| {
        let headers = json!({"Content-Type": "application/json", name: value});
        let multiple = json!({"Content-Type": ["application/json"], name: [value]});
        event(INGEST_EVENT, &[("/headers", headers), ("/multiValueHeaders", multiple)])
    };
    let body = |body: &str| event(INGEST_EVENT, &[("/body", json!(body))]);
    let binary = |bytes: &[u8]| {
        let body = json!(STANDARD.encode(bytes));
        event(INGEST_EVENT, &[("/body", body), ("/isBase64Encoded", json!(true))])
    };
    let compressed = gzip(sample_body(BODY_BYTES_MAX).as_bytes());
    for (status, event) in [
        (503, event(INGEST_EVENT, &[])),
        (503, header("Idempotency-Key", &"k".repeat(ID_BYTES_MAX))),
        (503, body(&sample_body(BODY_BYTES_MAX))),
        (503, header("Content-Encoding", "gzip")),
        (503, binary(&compressed)),
        (401, event(INGEST_EVENT, &[("/requestContext/authorizer", json!({}))])),
        (400, body("not JSON")),
        (400, binary(&compressed[..100])),
        (413, body(&sample_body(BODY_BYTES_MAX + 1))),
        (413, binary(&gzip(sample_body(BODY_BYTES_MAX + 1).as_bytes()))),
        (415, header("Content-Encoding", "br")),
        (422, body("{}")),
        (422, header("Idempotency-Key", &"k".repeat(ID_BYTES_MAX + 1))),
        (422, header("Idempotency-Key", "a\tb")),
    ] {
        let response = send(&ingest, &event).await;
        assert_documented("ingestTransactions", StatusCode::from_u16(status).unwrap(), &response);
    }
}

/// The sample's body, padded to a length in bytes.
fn sample_body(bytes: usize) -> String {
    let event = event(INGEST_EVENT, &[]);
    let body = event["body"].as_str().unwrap();
    body.to_owned() + &" ".repeat(bytes - body.len())
}

#[tokio::test]
async fn report_responds_as_documented() {
    let report = Report::new(store());
    let batch_id = "0191b6e0-0000-7000-8000-0000000000b1";
    let batch = &format!("/api/batches/{batch_id}");
    let list = "/api/accounts/acc_12345/transactions";
    let summary = "/api/reports/account/acc_12345/summary";
    let batch_cursor = BatchCursor(batch_id.parse().unwrap()).encode();
    let account_cursor = AccountCursor("x".repeat(ID_BYTES_MAX)).encode();
    let account = |id: &str| format!("/api/accounts/{id}/transactions");
    let report_of = |name: &str| format!("/api/reports/account/acc_12345/{name}");
    let days = |start: &str, end: &str| json!({"start_date": start, "end_date": end});
    for (operation_id, status, event) in [
        ("getBatch", 503, get(batch, Value::Null)),
        ("getBatch", 404, get("/api/batches/none", Value::Null)),
        ("listBatches", 503, get("/api/batches", Value::Null)),
        (
            "listBatches",
            503,
            get("/api/batches", json!({"status": "open", "cursor": batch_cursor})),
        ),
        ("listBatches", 422, get("/api/batches", json!({"status": "completed"}))),
        ("listBatches", 422, get("/api/batches", json!({"cursor": "none"}))),
        ("listBatches", 422, get("/api/batches", json!({"limit": "101"}))),
        ("listAccounts", 503, get("/api/accounts", json!({"cursor": account_cursor}))),
        (
            "listAccounts",
            422,
            get("/api/accounts", json!({"cursor": account_cursor.clone() + "A"})),
        ),
        ("listAccounts", 422, get("/api/accounts", json!({"limit": "0"}))),
        ("getAccount", 503, get("/api/accounts/acc_12345", Value::Null)),
        ("getAccount", 404, get("/api/accounts/%20", Value::Null)),
        ("listTransactions", 503, get(list, json!({"q": "é".repeat(SEARCH_LENGTH_MAX)}))),
        ("listTransactions", 422, get(list, json!({"q": "x".repeat(SEARCH_LENGTH_MAX + 1)}))),
        ("listTransactions", 422, get(list, json!({"q": " "}))),
        ("listTransactions", 503, get(list, Value::Null)),
        ("listTransactions", 503, get(list, json!({"status": "failed", "category": "Food"}))),
        ("listTransactions", 422, get(list, json!({"status": "Failed"}))),
        ("listTransactions", 422, get(list, json!({"category": "food"}))),
        ("listTransactions", 422, get(list, json!({"cursor": "none"}))),
        ("listTransactions", 503, get(list, json!({"cursor": longest_cursor()}))),
        ("listTransactions", 422, get(list, json!({"cursor": longest_cursor() + "A"}))),
        ("listTransactions", 422, get(list, json!({"limit": "+5"}))),
        ("listTransactions", 503, get(&account(&"%C3%A9".repeat(ID_BYTES_MAX / 2)), Value::Null)),
        ("listTransactions", 404, get(&account(&"x".repeat(ID_BYTES_MAX + 1)), Value::Null)),
        ("listTransactions", 404, get(&account("acc%00"), Value::Null)),
        ("listTransactions", 404, get(&account("%20"), Value::Null)),
        ("listTransactions", 404, get(&account("%ff"), Value::Null)),
        ("listTransactions", 503, get(list, json!({"start_date": "2025-10-01"}))),
        ("listTransactions", 503, get(list, json!({"end_date": "2025-10-01"}))),
        ("listTransactions", 422, get(list, days("2025-10-02", "2025-10-01"))),
        ("listTransactions", 503, get(list, json!({"include": "removed"}))),
        ("listTransactions", 422, get(list, json!({"include": "all"}))),
        ("getTransaction", 503, get(&format!("{list}/tx_1"), Value::Null)),
        ("getTransaction", 404, get(&format!("{list}/%20"), Value::Null)),
        ("getSummary", 503, event(SUMMARY_EVENT, &[])),
        ("getSummary", 422, get(summary, Value::Null)),
        ("getSummary", 422, get(summary, days("2025-10-02", "2025-10-01"))),
        ("getCashflow", 503, get(&report_of("cashflow"), days("2015-01-01", "2024-12-31"))),
        ("getCashflow", 422, get(&report_of("cashflow"), days("2015-01-01", "2025-01-01"))),
        ("getCashflow", 422, get(&report_of("cashflow"), json!({"interval": "year"}))),
        ("getMerchants", 503, get(&report_of("merchants"), days("2025-10-01", "2025-10-01"))),
        ("getMerchants", 422, get(&report_of("merchants"), json!({"currency": "usd"}))),
    ] {
        let response = send(&report, &event).await;
        assert_documented(operation_id, StatusCode::from_u16(status).unwrap(), &response);
        let unauthenticated = without_caller(event);
        let response = send(&report, &unauthenticated).await;
        assert_documented(operation_id, StatusCode::UNAUTHORIZED, &response);
    }
}

fn longest_cursor() -> String {
    let booked_on = "9999-12-31".parse().unwrap();
    TransactionCursor { booked_on, transaction_id: "🚀".repeat(ID_BYTES_MAX / 4) }.encode()
}

#[tokio::test]
async fn ingest_of_plaid_responds_as_documented() {
    let ingest = ingest().await;
    for (status, body) in
        [(503, r#"{"removed_transactions": ["tx_0"]}"#), (400, "not JSON"), (422, "{}")]
    {
        let path = json!("/api/integrations/plaid/transactions");
        let event = event(INGEST_EVENT, &[("/path", path), ("/body", json!(body))]);
        let response = send(&ingest, &event).await;
        let status = StatusCode::from_u16(status).unwrap();
        assert_documented("ingestPlaidTransactions", status, &response);
    }
}

#[tokio::test]
async fn retry_and_removal_respond_as_documented() {
    let ingest = ingest().await;
    let call = |method: &str, path: &str| {
        let mut event = get(path, Value::Null);
        event["httpMethod"] = json!(method);
        event["requestContext"]["httpMethod"] = json!(method);
        event
    };
    let retry = call("POST", "/api/batches/0191b6e0-0000-7000-8000-0000000000b1/retry");
    let removal = call("DELETE", "/api/accounts/acc_12345/transactions/tx_1");
    for (operation_id, status, event) in [
        ("retryBatch", 401, without_caller(retry.clone())),
        ("retryBatch", 404, call("POST", "/api/batches/none/retry")),
        ("retryBatch", 503, retry),
        ("removeTransaction", 401, without_caller(removal.clone())),
        ("removeTransaction", 404, call("DELETE", "/api/accounts/acc_12345/transactions/%00")),
        ("removeTransaction", 503, removal),
    ] {
        let response = send(&ingest, &event).await;
        assert_documented(operation_id, StatusCode::from_u16(status).unwrap(), &response);
    }
}

fn without_caller(mut event: Value) -> Value {
    event["requestContext"]["authorizer"] = json!({});
    event
}

#[tokio::test]
async fn page_has_its_documented_limits() {
    let merchants = "/api/reports/account/acc_12345/merchants".to_owned();
    let report = Report::new(store());
    for (operation_id, path, rows) in [
        (
            "listTransactions",
            "/api/accounts/acc_12345/transactions",
            "TransactionPage/properties/transactions",
        ),
        ("listAccounts", "/api/accounts", "AccountPage/properties/accounts"),
        ("listBatches", "/api/batches", "BatchPage/properties/batches"),
        ("getMerchants", &merchants, "Merchants/properties/merchants"),
    ] {
        let parameters = operation(operation_id)["parameters"].as_array().unwrap();
        let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
        let bound = |name: &str| limit["schema"][name].as_i64().unwrap();
        let page_max = &at(&format!("/components/schemas/{rows}"))["maxItems"];
        assert_eq!(*page_max, bound("maximum"));
        for (limit, status) in [
            (bound("minimum") - 1, 422),
            (bound("minimum"), 503),
            (bound("maximum"), 503),
            (bound("maximum") + 1, 422),
        ] {
            let mut query = json!({"limit": limit.to_string()});
            if operation_id == "getMerchants" {
                query["start_date"] = json!("2025-10-01");
                query["end_date"] = json!("2025-10-31");
            }
            let response = send(&report, &get(path, query)).await;
            assert_eq!(response.status(), status, "{operation_id} limit {limit}");
        }
    }
}

#[tokio::test]
async fn health_responds_as_documented() {
    let health = health::Health::new(store(), queue().await);
    let response = send(&health, &without_caller(get("/api/health/", Value::Null))).await;
    assert_documented("getHealth", StatusCode::SERVICE_UNAVAILABLE, &response);

    let response = send(&health, &without_caller(get("/api/openapi.json", Value::Null))).await;
    assert_eq!(response.status(), 200);
    let Body::Text(body) = response.body() else { panic!("{:?} is not text", response.body()) };
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), *document());
    assert_headers(&operation("getOpenApi")["responses"]["200"]["headers"], response.headers());
}

#[tokio::test]
async fn unknown_path_or_method_responds_as_documented() {
    let report = Report::new(store());
    let response = send(&report, &get("/api/nothing", Value::Null)).await;
    assert_eq!(response.status(), 404);
    assert_matches(at("/components/responses/NotFound"), &response);

    let mut event = get("/api/health", Value::Null);
    event["httpMethod"] = json!("DELETE");
    event["requestContext"]["httpMethod"] = json!("DELETE");
    let response = send(&report, &event).await;
    assert_eq!(response.status(), 405);
    assert_matches(at("/components/responses/MethodNotAllowed"), &response);
}

#[test]
fn sample_events_reach_their_routes() {
    for (sample, call) in [
        (INGEST_EVENT, Call::Ingest(IngestCall::IngestTransactions)),
        (SUMMARY_EVENT, Call::Report(ReportCall::GetSummary)),
    ] {
        let request = lambda_http::request::from_str(sample).unwrap();
        let matched = routes::find(request.method().as_str(), request.raw_http_path()).unwrap();
        assert_eq!(matched.route.call, call);
    }
    let event: Value = serde_json::from_str(SQS_EVENT).unwrap();
    let bodies = event["Records"].as_array().unwrap().iter();
    let readable: Vec<_> = bodies
        .map(|record| EnrichMessage::parse(record["body"].as_str().unwrap()).is_ok())
        .collect();
    assert_eq!(readable, [true, false]);
}
