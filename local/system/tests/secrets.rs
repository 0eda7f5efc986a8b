//! Nothing that is a client's own business stands in a log: a run of every function, on its good
//! paths and its bad ones, with secrets planted wherever a client can put one, and every line
//! searched.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tributary_postgres::{Options, Postgres, Storage};
use tributary_system::{System, SystemConfig, sqs_client};

use support::{Api, account, api_of, eventually, payload, start, transaction};

const DESCRIPTION: &str = "SECRET-DESCRIPTION";
const MERCHANT: &str = "SECRET-MERCHANT";
const AMOUNT: &str = "-98765.43";
const WRONG_KEY: &str = "trb_5ec2e700_5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7";

/// What no line may contain, however it got there.
const SECRETS: [&str; 7] =
    ["SECRET", "98765", "5ec2e75ec2e7", "\"7319\"", "Bearer", "eyJhbGciOi", "swordfish"];

/// A batch in which every field that is a client's own business is a secret.
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
        let mut body = secret_batch("refused");
        *body.pointer_mut(pointer).unwrap() = value;
        (422, body.to_string().into_bytes())
    };
    let text = secret_batch("refused").to_string();
    let truncated = text.as_bytes()[..text.len() - 20].to_vec();
    let mut invalid = text.clone().into_bytes();
    invalid.insert(text.find(MERCHANT).unwrap() + 3, 0xff);
    vec![
        (400, truncated),
        (400, invalid),
        (400, text.replace("SECRET-MERCHANT", "SECRET\\ud800").into_bytes()),
        (400, format!("SECRET{text}").into_bytes()),
        (422, text.replace("\"name\":", "\"SECRET\":1,\"SECRET\":1,\"name\":").into_bytes()),
        with("/transactions/0/amount", json!("SECRET98765")),
        with("/transactions/0/iso_currency_code", json!("SECRET")),
        with("/transactions/0/date", json!("SECRET")),
        with("/transactions/0/name", json!({"SECRET": 98765})),
        with("/transactions/0/merchant_name", json!("SECRET\u{0}")),
        with("/transactions/0/pending", json!("SECRET")),
        with("/total_transactions", json!(98765)),
        with("/transactions/0/account_id", json!("unknown account")),
        (422, b"\"SECRET\"".to_vec()),
        (413, format!("{text}{}", " ".repeat(6 * 1024 * 1024)).into_bytes()),
    ]
}

async fn send_rejected_requests(api: &Api) {
    for (status, body) in rejected_bodies() {
        api.post_bytes(&[], body).await.assert_problem(status);
    }
    let body = secret_batch("refused").to_string().into_bytes();
    for (status, headers) in [
        (415, [("content-type", "text/SECRET")]),
        (422, [("idempotency-key", "SECRET\u{e9}")]),
        (409, [("idempotency-key", "swordfish")]),
    ] {
        let mut all = vec![("content-type", "application/json")];
        all.retain(|(name, _)| *name != headers[0].0);
        all.extend(headers);
        let path = "/api/integrations/transactions";
        api.send(Method::POST, path, &all, Some(body.clone())).await.assert_problem(status);
    }
    for query in
        ["status=SECRET", "category=SECRET", "cursor=SECRET", "limit=SECRET", "limit=98765"]
    {
        let answer = api.get(&format!("/api/accounts/acc/transactions?{query}")).await;
        answer.assert_problem(422);
    }
    let query = "start_date=SECRET&end_date=SECRET&currency=SECRET";
    api.get(&format!("/api/reports/account/acc/summary?{query}")).await.assert_problem(422);
    let answer = api.with_key(Some(WRONG_KEY)).get("/api/batches/x").await;
    answer.assert_problem(401);
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJTRUNSRVQifQ.";
    api.with_key(Some(token)).get("/api/batches/x").await.assert_problem(401);
}

/// Messages that nobody can read, with a secret where they stop being readable.
async fn unreadable_messages(system: &System) {
    let client = sqs_client(system.sqs_endpoint_url()).await;
    for body in [
        r#"{"v":"SECRET"}"#,
        r#"{"v":1,"tenant_id":"SECRET","batch_id":"SECRET"}"#,
        r#"{"v":1,"SECRET":98765"#,
        "SECRET",
        r#""SECRET""#,
    ] {
        let send = client.send_message().queue_url(&system.queues().queue);
        send.message_body(body).send().await.unwrap();
    }
}

/// Calls each function as its service would, past the authorizer, which has no database either.
async fn without_a_database(system: &System, tenant: &str, batch: &str) {
    let sample = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let mut ingest = sample(include_str!("../../../events/api-ingest.json"));
    ingest["requestContext"]["authorizer"] = json!({"tenant_id": tenant});
    ingest["body"] = json!(secret_batch("no database").to_string());
    let mut report = sample(include_str!("../../../events/api-summary.json"));
    report["requestContext"]["authorizer"] = json!({"tenant_id": tenant});
    let mut enrich = sample(include_str!("../../../events/sqs.json"));
    let message = json!({"v": 1, "tenant_id": tenant, "batch_id": batch});
    enrich["Records"][0]["body"] = json!(message.to_string());
    let relay = sample(include_str!("../../../events/schedule.json"));
    for (function, event) in
        [("ingest", ingest), ("report", report), ("enrich", enrich), ("relay", relay)]
    {
        // It fails or answers that it did: what it logs about that is what is looked at.
        drop(system.stack().lambda().invoke(function, event.to_string(), None).await);
    }
}

/// Every line of every function so far.
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
async fn no_line_of_a_run_shows_a_description_a_merchant_an_amount_a_key_or_a_body() {
    let directory =
        std::env::temp_dir().join(format!("tributary-secrets-{}", uuid::Uuid::now_v7().simple()));
    let quiet = Options { storage: Storage::Temporary, progress: &|step| eprintln!("{step}") };
    let postgres = Postgres::start(quiet).await.unwrap();
    let mut config = SystemConfig::throw_away();
    config.database_url = Some(postgres.url("postgres"));
    // Its clients may wait for a server that is gone until their function's time is up, and then
    // log nothing.
    config.pooler = false;
    config.log_directory = Some(directory.clone());
    config.relay_interval = Some(Duration::from_secs(1));
    config.timings.unsent_age = Duration::from_millis(200);
    config.timings.visibility_timeout = Duration::from_secs(1);
    let system = start(config).await;
    let api = api_of(&system);

    // The good path, and the same again.
    let body = secret_batch("first");
    let headers = [("idempotency-key", "swordfish")];
    let accepted = api.post_with(&headers, &body).await.json();
    let batch = accepted["batch_id"].as_str().unwrap().to_owned();
    api.finished(&batch).await;
    assert_eq!(api.post_with(&headers, &body).await.status, 202);
    assert!(api.get("/api/accounts/acc/transactions").await.text.contains(DESCRIPTION));
    assert!(api.summary("acc", "").await.text.contains("98765.43"));
    let retry = format!("/api/batches/{batch}/retry");
    assert_eq!(api.send(Method::POST, &retry, &[], None).await.status, 202);

    // Rejected requests, unreadable messages, and an unavailable SQS.
    send_rejected_requests(&api).await;
    unreadable_messages(&system).await;
    system.sqs().unwrap().faults().reject_all_requests(true);
    let mut changed = secret_batch("changed");
    changed["transactions"][0]["name"] = json!("SECRET-CHANGED");
    let entry = api.accept(&changed).await;
    system.sqs().unwrap().faults().clear();
    api.finished(&entry).await;

    // No database.
    let tenant: uuid::Uuid = sqlx::query_scalar("select tenant_id from batches limit 1")
        .fetch_one(&mut support::connect(system.database_url()).await)
        .await
        .unwrap();
    let api_key = system.api_key().to_owned();
    postgres.stop().await.unwrap();
    api.post(&secret_batch("no database")).await.assert_problem(503);
    assert_eq!(api.get("/api/health").await.status, 503);
    without_a_database(&system, &tenant.to_string(), &batch).await;

    let expected = [
        ("authorize", "keys cannot be looked up"),
        ("ingest", "batch accepted"),
        ("ingest", "batch replayed"),
        ("ingest", "send failed; relay retries it"),
        ("ingest", "request failed"),
        ("report", "request answered"),
        ("report", "request failed"),
        ("enrich", "enrichment ended"),
        ("enrich", "message is unreadable"),
        ("enrich", "enrichment failed"),
        ("health", "dependency "),
        ("relay", "relay failed"),
    ];
    let all = eventually("the lines of each path", async || {
        let all = lines(&directory);
        let has = |(function, message): &(&str, &str)| {
            let message = format!("\"message\":\"{message}");
            all.get(*function).is_some_and(|lines| lines.iter().any(|line| line.contains(&message)))
        };
        let missing: Vec<_> = expected.iter().filter(|path| !has(path)).collect();
        if !missing.is_empty() {
            eprintln!("not yet: {missing:?}");
        }
        missing.is_empty().then_some(all)
    })
    .await;
    drop(system.stop().await);
    std::fs::remove_dir_all(&directory).unwrap();

    let of_key = api_key.rsplit('_').next().unwrap();
    for (function, line) in
        all.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line)))
    {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{function}: no JSON: {line}");
        assert!(line.is_ascii(), "{function}: {line}");
        for secret in SECRETS.iter().copied().chain([api_key.as_str(), of_key]) {
            assert!(!line.contains(secret), "{function}: {secret}: {line}");
        }
    }
}
