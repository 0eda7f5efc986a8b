//! Events that are no operation: the error says where and why.

use admin::Admin;
use serde_json::{Value, json};

use super::handle;

/// The kind and the words of the refusal.
async fn refusal(event: Value) -> (&'static str, String) {
    let error = handle(&Admin::default(), event).await.unwrap_err();
    (error.error_type(), error.to_string())
}

#[tokio::test]
async fn an_event_without_an_operation_is_told_which_there_are() {
    for event in [json!(null), json!([]), json!("migrate"), json!({}), json!({"operation": 1})] {
        let (kind, words) = refusal(event).await;
        assert_eq!(kind, "UnknownOperation");
        for name in ["migrate", "check", "dlq_list", "dlq_redrive", "dlq_status"] {
            assert!(words.contains(name), "{words}");
        }
    }
}

#[tokio::test]
async fn an_unknown_operation_is_told_which_there_are() {
    let (kind, words) = refusal(json!({"operation": "drop_everything"})).await;
    assert_eq!(kind, "UnknownOperation");
    assert!(words.starts_with(r#""operation" must be one of migrate, "#), "{words}");
}

#[tokio::test]
async fn a_malformed_operation_names_the_place_and_the_fault() {
    let cases = [
        (json!({"operation": "check", "grace_s": "soon"}), "check", "grace_s", "invalid type"),
        (json!({"operation": "check", "grace_s": -1}), "check", "grace_s", "invalid value"),
        (json!({"operation": "check", "settle": true}), "check", "settle", "unknown field"),
        (json!({"operation": "dlq_list", "limit": 0}), "dlq_list", "limit", "must be 1 to 1000"),
        (json!({"operation": "dlq_list", "limit": 1001}), "dlq_list", "limit", "must be 1 to 1000"),
        (json!({"operation": "migrate", "to": 3}), "migrate", "to", "unknown field"),
    ];
    for (event, operation, place, reason) in cases {
        let (kind, words) = refusal(event).await;
        assert_eq!(kind, "MalformedEvent");
        assert!(words.starts_with(&format!("operation {operation}, at {place:?}: ")), "{words}");
        assert!(words.contains(reason), "{words}");
    }
}

/// Since errors are logged, and a key may stand where it does not belong.
#[tokio::test]
async fn no_refusal_repeats_a_value() {
    let key = "trb_0123abcd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, expected `x`: y";
    for event in [
        json!({"operation": key}),
        json!({"operation": "check", "grace_s": key}),
        json!({"operation": "check", "settled": key}),
        json!({"operation": "dlq_list", "limit": key}),
        json!({"operation": "keys_list", "tenant": [key]}),
        json!({"operation": "keys_create", "tenant": "t", "name": "n", "scopes": [key]}),
        json!({"operation": "keys_create", "tenant": "t", "name": "n", "scopes": key}),
        json!({"operation": "keys_revoke", "tenant": "t", "prefix": key}),
    ] {
        let (kind, words) = refusal(event.clone()).await;
        assert!(!words.contains("0123abcd"), "{event}: {kind}: {words}");
    }
}

#[tokio::test]
async fn what_is_not_configured_is_named() {
    let (kind, words) = refusal(json!({"operation": "migrate"})).await;
    assert_eq!((kind, words.as_str()), ("NotConfigured", "this needs DATABASE_URL"));
    let (kind, words) = refusal(json!({"operation": "dlq_status"})).await;
    assert_eq!((kind, words.as_str()), ("NotConfigured", "this needs DEAD_LETTER_QUEUE_URL"));
}

/// The sample events of the README are events of this version.
#[tokio::test]
async fn the_sample_events_are_read() {
    for sample in [
        include_str!("../../../../events/admin-migrate.json"),
        include_str!("../../../../events/admin-check.json"),
    ] {
        let (kind, words) = refusal(serde_json::from_str(sample).unwrap()).await;
        assert_eq!((kind, words.as_str()), ("NotConfigured", "this needs DATABASE_URL"));
    }
}
