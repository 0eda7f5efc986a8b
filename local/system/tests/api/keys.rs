//! API keys over HTTP: created, listed and revoked by a caller with the scope `admin`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, Response};

const KEYS: &str = "/api/keys";

async fn create(api: &Api, body: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    api.send(Method::POST, KEYS, &headers, Some(body.to_string().into_bytes())).await
}

/// Creates a key and returns it with its prefix.
async fn created(api: &Api, scopes: &[&str]) -> (String, String) {
    let response = create(api, &json!({"name": "new", "scopes": scopes})).await;
    assert_eq!(response.status, 201, "{}", response.text);
    let body = response.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("api_key"), text("prefix"))
}

async fn listed(api: &Api) -> Vec<Value> {
    let response = api.get(KEYS).await;
    assert_eq!(response.status, 200, "{}", response.text);
    response.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn created_key_works_at_once_with_its_scopes_only() {
    let tenant = Tenant::new("keys: create").await;
    let admin = tenant.api_for(&["admin"]).await;
    let response = create(&admin, &json!({"name": " CI\n key ", "scopes": ["report"]})).await;
    assert_eq!(response.status, 201, "{}", response.text);
    assert_eq!(response.header("cache-control"), "no-store");
    let body = response.json();
    assert_eq!((&body["name"], &body["scopes"]), (&json!("CI key"), &json!(["report"])));

    let key = body["api_key"].as_str().unwrap();
    assert!(key.starts_with(body["prefix"].as_str().unwrap()));
    let own = admin.with_key(Some(key));
    own.get("/api/batches/x").await.assert_problem(404);
    own.delete("/api/accounts/a/transactions/t").await.assert_problem(403);
    own.get(KEYS).await.assert_problem(403);
    create(&own, &json!({"name": "more", "scopes": ["admin"]})).await.assert_problem(403);
}

#[tokio::test]
async fn list_has_every_key_without_the_key_itself() {
    let tenant = Tenant::new("keys: list").await;
    let admin = tenant.api_for(&["admin"]).await;
    let (first, first_prefix) = created(&admin, &["report"]).await;
    let (second, second_prefix) = created(&admin, &["report", "ingest"]).await;
    assert_eq!(admin.delete(&format!("{KEYS}/{first_prefix}")).await.status, 204);

    let response = admin.get(KEYS).await;
    for key in [&first, &second] {
        assert!(!response.text.contains(&key[13..]), "the secret part is not listed");
    }
    let keys = listed(&admin).await;
    assert_eq!(keys[0]["prefix"], second_prefix.as_str(), "the newest active key is the first");
    assert_eq!(keys[0]["scopes"], json!(["ingest", "report"]));
    assert_eq!((&keys[0]["last_used_at"], &keys[0]["revoked_at"]), (&Value::Null, &Value::Null));
    let last = keys.last().unwrap();
    assert_eq!(last["prefix"], first_prefix.as_str(), "revoked keys are the last");
    assert!(last["revoked_at"].is_string());

    let other = Tenant::new("keys: list of another tenant").await.api_for(&["admin"]).await;
    assert_eq!(listed(&other).await.len(), 2, "the tenant's own keys only");
}

#[tokio::test]
async fn revoked_key_is_rejected_by_the_next_request() {
    let tenant = Tenant::new("keys: revoke").await;
    let admin = tenant.api_for(&["admin"]).await;
    let (key, prefix) = created(&admin, &["admin"]).await;
    let own = admin.with_key(Some(&key));
    let path = format!("{KEYS}/{prefix}");
    assert_eq!(own.delete(&path).await.status, 204, "a key may revoke itself");
    own.get(KEYS).await.assert_problem(401);
    assert_eq!(admin.delete(&path).await.status, 204, "revoking it again changes nothing");

    let revoked_at = |keys: Vec<Value>| {
        let of_key = keys.into_iter().find(|key| key["prefix"] == prefix.as_str());
        of_key.unwrap()["revoked_at"].clone()
    };
    let before = revoked_at(listed(&admin).await);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(revoked_at(listed(&admin).await), before);
}

#[tokio::test]
async fn key_of_another_tenant_cannot_be_revoked() {
    let tenant = Tenant::new("keys: victim").await;
    let (key, prefix) = created(&tenant.api_for(&["admin"]).await, &["report"]).await;
    let other = Tenant::new("keys: attacker").await.api_for(&["admin"]).await;
    for unknown in [prefix.as_str(), "trb_00000000", "trb_", "'; --"] {
        let path = format!("{KEYS}/{}", unknown.replace(' ', "%20"));
        other.delete(&path).await.assert_problem(404);
    }
    tenant.api.with_key(Some(&key)).get("/api/batches/x").await.assert_problem(404);
}

#[tokio::test]
async fn invalid_key_request_is_rejected_with_its_faults_and_creates_nothing() {
    let tenant = Tenant::new("keys: invalid").await;
    let admin = tenant.api_for(&["admin"]).await;
    let before = listed(&admin).await.len();
    for (body, places) in [
        (json!({}), vec!["/name", "/scopes"]),
        (json!({"name": "", "scopes": []}), vec!["/name", "/scopes"]),
        (json!({"name": "n".repeat(101), "scopes": ["root"]}), vec!["/name", "/scopes/0"]),
        (json!([]), vec![""]),
    ] {
        let response = create(&admin, &body).await;
        response.assert_problem(422);
        let errors = response.json()["errors"].as_array().unwrap().clone();
        let found: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, places, "{body}");
    }
    let json = [("content-type", "application/json")];
    let large = json!({"name": "n", "scopes": ["report"], "x": "y".repeat(16 * 1024)}).to_string();
    for (headers, body, status) in [
        (&json[..], "{", 400),
        (&json, large.as_str(), 413),
        (&[], r#"{"name": "n", "scopes": ["report"]}"#, 415),
    ] {
        let response = admin.send(Method::POST, KEYS, headers, Some(body.into())).await;
        response.assert_problem(status);
    }
    assert_eq!(listed(&admin).await.len(), before);
}

#[tokio::test]
async fn tenant_has_at_most_200_active_keys() {
    let tenant = Tenant::new("keys: many").await;
    let admin = tenant.api_for(&["admin"]).await;
    let mut prefixes = Vec::new();
    for _ in listed(&admin).await.len()..200 {
        prefixes.push(created(&admin, &["report"]).await.1);
    }
    let body = json!({"name": "one too many", "scopes": ["report"]});
    create(&admin, &body).await.assert_problem(429);
    assert_eq!(listed(&admin).await.len(), 200);
    assert_eq!(admin.delete(&format!("{KEYS}/{}", prefixes[0])).await.status, 204);
    assert_eq!(create(&admin, &body).await.status, 201);
}

#[tokio::test]
async fn credential_has_every_scope_that_it_covers() {
    let tenant = Tenant::new("keys: credential").await;
    for (granted, covered) in [
        (&["report"][..], json!(["report"])),
        (&["ingest", "report"], json!(["ingest", "report"])),
        (&["admin"], json!(["ingest", "report", "admin"])),
    ] {
        let key = tenant.key_for(granted).await;
        let response = tenant.api.with_key(Some(&key)).get("/api/credential").await;
        let body = response.json();
        assert_eq!(response.status, 200, "{}", response.text);
        assert_eq!(body["kind"], "api_key");
        assert_eq!((&body["prefix"], &body["scopes"]), (&json!(key[..12]), &covered));
    }
    let token = tenant.token("report openid").await;
    let body = tenant.api.with_key(Some(&token)).get("/api/credential").await.json();
    let expected = (&json!("token"), &Value::Null, &json!(["report"]));
    assert_eq!((&body["kind"], &body["prefix"], &body["scopes"]), expected);
}
