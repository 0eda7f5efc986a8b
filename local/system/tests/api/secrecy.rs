//! A key stands in no log, no answer, no process listing, and nowhere in the database.

use sqlx::AssertSqlSafe;
use tributary_lambda::routes::ROUTES;

use crate::shared::{Tenant, database_url, log_files, secrets};
use crate::support::{connect, eventually, payload, transaction};

/// Uses keys in every way that a client may, good and bad, with a correlation id that the logs carry.
async fn use_keys(tenant: &Tenant, correlation_id: &str) -> Vec<String> {
    let key = tenant.key_for(&["admin"]).await;
    let narrow = tenant.key_for(&["ingest"]).await;
    let revoked = tenant.key_for(&["report"]).await;
    tenant.revoke(&revoked).await;
    let token = tenant.token("admin").await;
    let mut answers = Vec::new();
    for credential in [&key, &narrow, &revoked, &token, &format!("{key}0"), &format!("x{token}")] {
        for route in ROUTES {
            let path = route.path.replace("{batch_id}", "b").replace("{account_id}", "acc");
            let bearer = format!("Bearer {credential}");
            for (name, value) in [("authorization", bearer.as_str()), ("x-api-key", credential)] {
                let headers = [(name, value), ("x-correlation-id", correlation_id)];
                let method = route.method.parse().unwrap();
                let api = tenant.api.with_key(None);
                answers.push(api.send(method, &path, &headers, Some(b"{}".to_vec())).await.text);
            }
        }
    }
    // A key where none belongs is not shown either.
    let body = payload(&[transaction(&key, "-1")]).to_string().replace("\"-1\"", "\"ten\"");
    answers.push(tenant.api.with_key(Some(&key)).post_bytes(&[], body.into()).await.text);
    answers
}

fn assert_free_of(secrets: &[String], text: &str, place: &str) {
    for secret in secrets {
        if let Some(at) = text.find(secret.as_str()) {
            panic!("a secret stands in {place}, after: {}", &text[at.saturating_sub(200)..at]);
        }
    }
}

#[tokio::test]
async fn no_key_stands_in_a_log_an_answer_a_process_listing_or_the_database() {
    let tenant = Tenant::new("secrecy").await;
    let correlation_id = "secrecy-1";
    let answers = use_keys(&tenant, correlation_id).await;
    let mut secrets = secrets().await;
    let signature = |token: String| token.rsplit_once('.').unwrap().1.to_owned();
    secrets.push(signature(tenant.token("admin").await));
    assert!(secrets.len() > 3 && secrets.iter().all(|secret| secret.len() >= 40));

    for answer in &answers {
        assert_free_of(&secrets, answer, "an answer");
    }

    let logs = eventually("the log of the last request", async || {
        let logs = log_files().await;
        let of_ingest = logs.iter().find(|(name, _)| name == "ingest.log");
        of_ingest.is_some_and(|(_, text)| text.contains(correlation_id)).then_some(logs)
    })
    .await;
    assert!(logs.iter().any(|(name, text)| name == "authorize.log" && !text.is_empty()));
    for (name, text) in &logs {
        assert_free_of(&secrets, text, name);
        assert!(!text.contains("trb_"), "{name} shows a part of a key");
    }

    let mut own_processes = 0;
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        // One that ended meanwhile has none.
        let Ok(line) = std::fs::read(process.path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        own_processes += usize::from(line.contains("/authorize"));
        assert_free_of(&secrets, &line, "a process listing");
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
            // A byte array is shown in hexadecimal, so a key in one would look otherwise.
            let bytes_of_keys: Vec<_> = secrets.iter().map(|secret| hex(secret)).collect();
            assert_free_of(&secrets, &row, &table);
            assert_free_of(&bytes_of_keys, &row, &table);
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
