//! API keys and the pepper appear in no log, response, process listing or database table.

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tributary_lambda::routes::ROUTES;

use crate::shared_system::{Tenant, database_url, lambda, log_files, secrets};
use crate::support::{connect, eventually, payload, transaction};

/// Sends requests with valid and invalid credentials to every route. Returns the response bodies.
async fn use_keys(tenant: &Tenant, correlation_id: &str) -> Vec<String> {
    let key = tenant.key_for(&["admin"]).await;
    let ingest_key = tenant.key_for(&["ingest"]).await;
    let revoked = tenant.key_for(&["report"]).await;
    tenant.revoke(&revoked).await;
    let token = tenant.token("admin").await;
    let mut responses = Vec::new();
    for credential in
        [&key, &ingest_key, &revoked, &token, &format!("{key}0"), &format!("x{token}")]
    {
        for route in ROUTES {
            let path = route.path.replace("{batch_id}", "b").replace("{account_id}", "acc");
            let bearer = format!("Bearer {credential}");
            for (name, value) in [("authorization", bearer.as_str()), ("x-api-key", credential)] {
                let headers = [(name, value), ("x-correlation-id", correlation_id)];
                let method = route.method.parse().unwrap();
                let api = tenant.api.with_key(None);
                responses.push(api.send(method, &path, &headers, Some(b"{}".to_vec())).await.text);
            }
        }
    }
    // A key in a field that is not for keys.
    let body = payload(&[transaction(&key, "-1")]).to_string().replace("\"-1\"", "\"ten\"");
    responses.push(tenant.api.with_key(Some(&key)).post_bytes(&[], body.into()).await.text);
    responses
}

/// Creates, lists and revokes keys with the admin function, also with invalid events that contain a
/// key. Returns the key and the responses, except that of the creation.
async fn manage_keys(tenant: &Tenant) -> (String, Vec<String>) {
    let invoke = async |event: Value| lambda().await.invoke("admin", event.to_string(), None).await;
    let (name, scopes) = (tenant.name.as_str(), json!(["report"]));
    let create = json!({"operation": "keys_create", "tenant": name, "name": "k", "scopes": scopes});
    let created: Value = serde_json::from_slice(&invoke(create).await.unwrap().payload).unwrap();
    let key = created["key"].as_str().unwrap().to_owned();
    let prefix = created["prefix"].as_str().unwrap();
    let list = json!({"operation": "keys_list", "tenant": name});
    let revoke =
        |prefix: &str| json!({"operation": "keys_revoke", "tenant": name, "prefix": prefix});
    let mut responses = Vec::new();
    for event in [list, revoke(&key), json!({"operation": key}), revoke(prefix)] {
        responses.push(match invoke(event).await {
            Ok(invocation) => String::from_utf8_lossy(&invocation.payload).into_owned(),
            Err(error) => format!("{error:?}"),
        });
    }
    (key, responses)
}

fn assert_no_secret(secrets: &[String], text: &str, place: &str) {
    for secret in secrets {
        if let Some(at) = text.find(secret.as_str()) {
            panic!("{place} contains a secret after: {}", &text[at.saturating_sub(200)..at]);
        }
    }
}

#[tokio::test]
async fn keys_appear_in_no_log_response_process_listing_or_database_table() {
    let tenant = Tenant::new("secrecy").await;
    let correlation_id = "secrecy-1";
    let mut responses = use_keys(&tenant, correlation_id).await;
    let mut secrets = secrets().await;
    let (key, admin_responses) = manage_keys(&tenant).await;
    secrets.push(key);
    responses.extend(admin_responses);
    let signature = |token: String| token.rsplit_once('.').unwrap().1.to_owned();
    secrets.push(signature(tenant.token("admin").await));
    assert!(secrets.len() > 3 && secrets.iter().all(|secret| secret.len() >= 40));

    for response in &responses {
        assert_no_secret(&secrets, response, "a response");
    }

    let logs = eventually("the log of the requests", async || {
        let logs = log_files().await;
        let ingest_log = logs.iter().find(|(name, _)| name == "ingest.log");
        ingest_log.is_some_and(|(_, text)| text.contains(correlation_id)).then_some(logs)
    })
    .await;
    for function in ["authorize.log", "admin.log"] {
        assert!(logs.iter().any(|(name, text)| name == function && !text.is_empty()), "{function}");
    }
    for (name, text) in &logs {
        assert_no_secret(&secrets, text, name);
        // The prefix of a key is no secret: it is in paths. What follows it is.
        for rest in text.split("trb_").skip(1) {
            assert_ne!(rest.as_bytes().get(8), Some(&b'_'), "{name} contains more than a prefix");
        }
    }

    let mut own_processes = 0;
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        // The process may have ended.
        let Ok(line) = std::fs::read(process.path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        own_processes += usize::from(line.contains("/authorize"));
        assert_no_secret(&secrets, &line, "a process listing");
    }
    assert!(own_processes > 0 || !cfg!(target_os = "linux"), "the functions are listed");

    let mut connection = connect(database_url().await).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables \
         where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.contains(&"api_keys".to_owned()) && tables.len() > 8, "{tables:?}");
    for table in tables {
        let rows = format!("select to_jsonb(t)::text from {table} as t");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        for row in rows {
            // Byte arrays are in hexadecimal.
            let hex_secrets: Vec<_> = secrets.iter().map(|secret| hex(secret)).collect();
            assert_no_secret(&secrets, &row, &table);
            assert_no_secret(&hex_secrets, &row, &table);
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
