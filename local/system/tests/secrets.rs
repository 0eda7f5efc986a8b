//! No log line contains confidential data of a client. Runs every function, with successful and
//! failing requests that have a secret in each field, and searches every log line.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tributary_system::{System, SystemConfig};
use uuid::Uuid;

use support::{
    Api, account, api_of, eventually, payload, plaid_sync, queue_message, send_message, start,
    start_postgres, tenant_id, transaction,
};

const DESCRIPTION: &str = "SECRET-DESCRIPTION";
const MERCHANT: &str = "SECRET-MERCHANT";
const AMOUNT: &str = "-9876543210.43";
const WRONG_KEY: &str = "trb_5ec2e700_5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7";

/// Text that no log line may contain.
const SECRETS: [&str; 7] =
    ["SECRET", "9876543210", "5ec2e75ec2e7", "\"7319\"", "Bearer", "eyJhbGciOi", "swordfish"];

/// A batch with a secret in every confidential field.
fn secret_batch(request_id: &str) -> Value {
    let mut account = account("acc");
    account["name"] = json!("SECRET-ACCOUNT");
    account["mask"] = json!("7319");
    let mut transaction = transaction("tx", AMOUNT);
    transaction["name"] = json!(DESCRIPTION);
    transaction["merchant_name"] = json!(MERCHANT);
    transaction["pending"] = json!(false);
    let mut body = payload(&[transaction]);
    body["accounts"] = json!([account]);
    body["request_id"] = json!(request_id);
    body
}

/// Invalid bodies with a secret in the invalid part, and their status.
fn rejected_bodies() -> Vec<(u16, Vec<u8>)> {
    let with = |pointer: &str, value: Value| {
        let mut body = secret_batch("rejected");
        *body.pointer_mut(pointer).unwrap() = value;
        (422, body.to_string().into_bytes())
    };
    // Another transaction than the stored one, which the response names.
    let mut reused = secret_batch("rejected");
    let transaction = &mut reused["transactions"][0];
    (transaction["date"], transaction["amount"]) = (json!("2024-01-01"), json!("-1"));
    (transaction["name"], transaction["merchant_name"]) = (json!("SECRET"), Value::Null);
    let text = secret_batch("rejected").to_string();
    let truncated = text.as_bytes()[..text.len() - 20].to_vec();
    let mut invalid = text.clone().into_bytes();
    invalid.insert(text.find(MERCHANT).unwrap() + 3, 0xff);
    vec![
        (400, truncated),
        (400, invalid),
        (400, text.replace("SECRET-MERCHANT", "SECRET\\ud800").into_bytes()),
        (400, format!("SECRET{text}").into_bytes()),
        (422, text.replace("\"name\":", "\"SECRET\":1,\"SECRET\":1,\"name\":").into_bytes()),
        with("/transactions/0/amount", json!("SECRET9876543210")),
        with("/transactions/0/iso_currency_code", json!("SECRET")),
        with("/transactions/0/date", json!("SECRET")),
        with("/transactions/0/name", json!({"SECRET": 9_876_543_210_u64})),
        with("/transactions/0/transaction_id", json!("SECRET\u{0}")),
        with("/transactions/0/merchant_name", json!("SECRET".repeat(100))),
        with("/transactions/0/pending", json!("SECRET")),
        with("/total_transactions", json!(9_876_543_210_u64)),
        with("/transactions/0/account_id", json!("unknown account")),
        (422, reused.to_string().into_bytes()),
        (422, b"\"SECRET\"".to_vec()),
        (413, format!("{text}{}", " ".repeat(6 * 1024 * 1024)).into_bytes()),
    ]
}

async fn send_rejected_requests(api: &Api) {
    for (status, body) in rejected_bodies() {
        api.post_bytes(&[], body).await.assert_problem(status);
    }
    let mut other_content = secret_batch("rejected");
    other_content["transactions"][0]["transaction_id"] = json!("other");
    let body = other_content.to_string().into_bytes();
    for (status, headers) in [
        (415, [("content-type", "text/SECRET")]),
        (422, [("idempotency-key", "SECRET\u{e9}")]),
        (422, [("idempotency-key", "swordfish")]),
    ] {
        let mut all = vec![("content-type", "application/json")];
        all.retain(|(name, _)| *name != headers[0].0);
        all.extend(headers);
        let path = "/api/integrations/transactions";
        api.send(Method::POST, path, &all, Some(body.clone())).await.assert_problem(status);
    }
    let page =
        plaid_sync(&[json!({"name": "SECRET", "amount": 9876543210.43})], &[], &["SECRET\n"]);
    api.post_plaid(&[], &page).await.assert_problem(422);
    api.post(&page).await.assert_problem(422);
    for name in ["status", "category", "cursor", "limit", "include", "start_date"] {
        let response = api.get(&format!("/api/accounts/acc/transactions?{name}=SECRET")).await;
        response.assert_problem(422);
    }
    let query = "start_date=SECRET&end_date=SECRET&currency=SECRET";
    api.get(&format!("/api/reports/account/acc/summary?{query}")).await.assert_problem(422);
    let response = api.with_key(Some(WRONG_KEY)).get("/api/batches/x").await;
    response.assert_problem(401);
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJTRUNSRVQifQ.";
    api.with_key(Some(token)).get("/api/batches/x").await.assert_problem(401);
}

/// Sends messages that enrich cannot parse, with a secret in the invalid part.
async fn send_unreadable_messages(system: &System) {
    for body in [
        r#"{"v":"SECRET"}"#,
        r#"{"v":1,"tenant_id":"SECRET","batch_id":"SECRET"}"#,
        r#"{"v":1,"SECRET":9876543210"#,
        "SECRET",
        r#""SECRET""#,
    ] {
        send_message(system, body).await;
    }
}

/// Invokes each function without the gateway, because the authorizer fails without a database.
async fn invoke_without_database(system: &System, tenant_id: Uuid, batch_id: &str) {
    let sample = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let mut ingest = sample(include_str!("../../../events/api-ingest.json"));
    ingest["requestContext"]["authorizer"] = json!({"tenant_id": tenant_id});
    ingest["body"] = json!(secret_batch("no database").to_string());
    let mut report = sample(include_str!("../../../events/api-summary.json"));
    report["requestContext"]["authorizer"] = json!({"tenant_id": tenant_id});
    let mut enrich = sample(include_str!("../../../events/sqs.json"));
    enrich["Records"][0]["body"] = json!(queue_message(tenant_id, batch_id));
    let relay = sample(include_str!("../../../events/schedule.json"));
    for (function, event) in
        [("ingest", ingest), ("report", report), ("enrich", enrich), ("relay", relay)]
    {
        // Only the log lines are checked.
        drop(system.stack().lambda().invoke(function, event.to_string(), None).await);
    }
}

/// The log lines of each function so far.
fn lines(directory: &Path) -> BTreeMap<String, Vec<String>> {
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    files
        .map(|file| {
            let function = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            (function, text.lines().map(str::to_owned).collect())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_contains_a_description_a_merchant_an_amount_a_key_or_a_body() {
    let directory =
        std::env::temp_dir().join(format!("tributary-secrets-{}", Uuid::now_v7().simple()));
    let postgres = start_postgres().await;
    let mut config = SystemConfig::throw_away();
    config.database_url = Some(postgres.url("postgres"));
    // PgBouncer lets functions wait for the stopped server until they time out, without a log line.
    config.pooler = false;
    config.log_directory = Some(directory.clone());
    config.relay_interval = Some(Duration::from_secs(1));
    config.timings.requeue_after = Duration::from_secs(1);
    config.timings.visibility_timeout = Duration::from_secs(1);
    let system = start(config).await;
    let api = api_of(&system);

    // Successful requests, and a replay.
    let body = secret_batch("first");
    let headers = [("idempotency-key", "swordfish")];
    let accepted = api.post_with(&headers, &body).await.json();
    let batch = accepted["batch_id"].as_str().unwrap().to_owned();
    api.finished(&batch).await;
    assert_eq!(api.post_with(&headers, &body).await.status, 202);
    assert!(api.get("/api/accounts/acc/transactions").await.text.contains(DESCRIPTION));
    assert!(api.summary("acc", "").await.text.contains("9876543210.43"));
    let retry = format!("/api/batches/{batch}/retry");
    assert_eq!(api.send(Method::POST, &retry, &[], None).await.status, 202);

    // Rejected requests, unreadable messages, and an unavailable SQS.
    send_rejected_requests(&api).await;
    send_unreadable_messages(&system).await;
    system.sqs().unwrap().faults().reject_all_requests(true);
    let mut changed = secret_batch("changed");
    changed["transactions"][0]["name"] = json!("SECRET-CHANGED");
    let entry = api.accept(&changed).await;
    system.sqs().unwrap().faults().clear();
    api.finished(&entry).await;

    // No database.
    let tenant_id = tenant_id(&system).await;
    let api_key = system.api_key().to_owned();
    postgres.stop().await.unwrap();
    api.post(&secret_batch("no database")).await.assert_problem(503);
    assert_eq!(api.get("/api/health").await.status, 503);
    invoke_without_database(&system, tenant_id, &batch).await;

    let expected = [
        ("authorize", "keys cannot be looked up"),
        ("ingest", "batch accepted"),
        ("ingest", "batch replayed"),
        ("ingest", "send failed; relay retries it"),
        ("ingest", "request failed"),
        ("report", "request completed"),
        ("report", "request failed"),
        ("enrich", "enrichment ended"),
        ("enrich", "message is unreadable"),
        ("enrich", "enrichment failed"),
        ("health", "dependency "),
        ("relay", "relay failed"),
    ];
    let all = eventually("the expected log lines", async || {
        let all = lines(&directory);
        let has = |(function, message): &(&str, &str)| {
            let message = format!("\"message\":\"{message}");
            all.get(*function).is_some_and(|lines| lines.iter().any(|line| line.contains(&message)))
        };
        let missing: Vec<_> = expected.iter().filter(|line| !has(line)).collect();
        if !missing.is_empty() {
            eprintln!("not logged yet: {missing:?}");
        }
        missing.is_empty().then_some(all)
    })
    .await;
    drop(system.stop().await);
    std::fs::remove_dir_all(&directory).unwrap();

    let key_secret = api_key.rsplit('_').next().unwrap();
    for (function, line) in
        all.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line)))
    {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{function}: not JSON: {line}");
        assert!(line.is_ascii(), "{function}: {line}");
        for secret in SECRETS.iter().copied().chain([api_key.as_str(), key_secret]) {
            assert!(!line.contains(secret), "{function}: {secret}: {line}");
        }
    }
}
