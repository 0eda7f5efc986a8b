//! `keys_create`, `keys_list` and `keys_revoke`.

use admin::Admin;
use admin::keys::{Created, Listed, Revoked};
use serde_json::{Value, json};
use tributary_domain::Scope;
use tributary_domain::api_key::{Pepper, Peppers, PresentedKey};
use tributary_store::api_keys;
use tributary_testkit::TestDatabase;

use super::{admin_of, handle};

pub fn peppers() -> Peppers {
    Peppers { current: Pepper::new(&"p".repeat(32)).unwrap(), previous: None }
}

fn create(tenant: &str, name: &str, scopes: Value) -> Value {
    json!({"operation": "keys_create", "tenant": tenant, "name": name, "scopes": scopes})
}

fn revoke(tenant: &str, prefix: &str) -> Value {
    json!({"operation": "keys_revoke", "tenant": tenant, "prefix": prefix})
}

async fn created(admin: &Admin, event: Value) -> Created {
    serde_json::from_value(handle(admin, event).await.unwrap()).unwrap()
}

async fn listed(admin: &Admin, tenant: &str) -> Listed {
    let event = json!({"operation": "keys_list", "tenant": tenant});
    serde_json::from_value(handle(admin, event).await.unwrap()).unwrap()
}

async fn rejection(admin: &Admin, event: Value) -> String {
    let error = handle(admin, event).await.unwrap_err();
    assert_eq!(error.error_type(), "Rejected");
    error.to_string()
}

#[tokio::test]
async fn key_is_shown_once_and_found_by_prefix_and_verified_by_hash() {
    let database = TestDatabase::create().await;
    let admin = admin_of(database.url()).with_peppers(peppers());
    let made = created(&admin, create("bank", "feed", json!(["report", "ingest", "report"]))).await;
    assert!(!format!("{made:?}").contains(&made.key), "its debug output omits the key");

    let presented = PresentedKey::parse(&made.key).unwrap();
    assert_eq!(presented.prefix(), made.prefix);
    let mut connection = database.connection().await;
    let found = api_keys::find_by_prefix(&mut connection, &made.prefix).await.unwrap().unwrap();
    assert!(peppers().proves(presented, &found.key_hash));
    assert_eq!((found.key.tenant, found.key.api_key_id), (made.tenant_id, made.api_key_id));
    assert_eq!(found.key.scopes, [Scope::Ingest, Scope::Report]);

    let list = listed(&admin, "bank").await;
    assert_eq!(list.keys.len(), 1);
    assert_eq!((list.keys[0].prefix.as_str(), list.keys[0].name.as_str()), (&*made.prefix, "feed"));
    let shown = serde_json::to_string(&list).unwrap();
    assert!(!shown.contains(made.key.rsplit_once('_').unwrap().1), "{shown}");
    assert!(!shown.contains("hash"), "{shown}");
}

#[tokio::test]
async fn list_has_the_keys_of_one_tenant_newest_first() {
    let database = TestDatabase::create().await;
    let admin = admin_of(database.url()).with_peppers(peppers());
    let first = created(&admin, create("one", "a", json!(["ingest"]))).await;
    let second = created(&admin, create("one", "a", json!(["admin"]))).await;
    let other = created(&admin, create("two", "a", json!(["ingest"]))).await;
    assert_eq!(first.tenant_id, second.tenant_id);
    assert_ne!(first.tenant_id, other.tenant_id);
    let prefixes = |list: Listed| list.keys.into_iter().map(|key| key.prefix).collect::<Vec<_>>();
    assert_eq!(prefixes(listed(&admin, "one").await), [second.prefix, first.prefix]);
    assert_eq!(prefixes(listed(&admin, "two").await), [other.prefix]);
}

#[tokio::test]
async fn revoked_key_is_not_found_and_revoking_is_idempotent() {
    let database = TestDatabase::create().await;
    let admin = admin_of(database.url()).with_peppers(peppers());
    let made = created(&admin, create("bank", "feed", json!(["ingest"]))).await;
    created(&admin, create("other", "feed", json!(["ingest"]))).await;
    // A prefix of another tenant, an unknown one, and a whole key, which the error must not show.
    for (tenant, prefix) in
        [("other", made.prefix.as_str()), ("bank", "trb_00000000"), ("bank", made.key.as_str())]
    {
        let message = rejection(&admin, revoke(tenant, prefix)).await;
        assert_eq!(message, "prefix: the tenant has no key with this prefix");
    }
    let mut connection = database.connection().await;
    assert!(api_keys::find_by_prefix(&mut connection, &made.prefix).await.unwrap().is_some());

    let mut since = Vec::new();
    for _ in 0..2 {
        let output = handle(&admin, revoke("bank", &made.prefix)).await.unwrap();
        since.push(serde_json::from_value::<Revoked>(output).unwrap().revoked_at);
        assert!(api_keys::find_by_prefix(&mut connection, &made.prefix).await.unwrap().is_none());
    }
    assert_eq!(since[0], since[1]);
    assert_eq!(listed(&admin, "bank").await.keys[0].revoked_at, Some(since[0]));
}

#[tokio::test]
async fn invalid_key_is_rejected_and_creates_no_tenant() {
    let database = TestDatabase::create().await;
    let admin = admin_of(database.url()).with_peppers(peppers());
    for (tenant, name, scopes, place) in [
        ("", "a", json!(["ingest"]), "tenant"),
        ("a\nb", "a", json!(["ingest"]), "tenant"),
        (" a", "a", json!(["ingest"]), "tenant"),
        (&*"t".repeat(101), "a", json!(["ingest"]), "tenant"),
        ("a", "", json!(["ingest"]), "name"),
        ("a", &*"n".repeat(101), json!(["ingest"]), "name"),
        ("a", "a\0", json!(["ingest"]), "name"),
        ("a", "a", json!([]), "scopes"),
    ] {
        let message = rejection(&admin, create(tenant, name, scopes)).await;
        assert!(message.starts_with(&format!("{place}: ")), "{message}");
    }
    let error = handle(&admin, create("a", "a", json!(["root"]))).await.unwrap_err();
    assert_eq!(error.error_type(), "MalformedEvent");
    let list = json!({"operation": "keys_list", "tenant": "a"});
    assert_eq!(rejection(&admin, list).await, "tenant: unknown tenant");
    created(&admin, create(&"ü".repeat(100), &"ü".repeat(100), json!(["ingest"]))).await;

    let without_pepper = admin_of(database.url());
    let error = handle(&without_pepper, create("a", "a", json!(["ingest"]))).await.unwrap_err();
    assert_eq!(error.to_string(), "this needs API_KEY_PEPPER");
}
