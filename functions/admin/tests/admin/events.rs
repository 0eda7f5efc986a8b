//! Invalid events: the error names the location and the reason.

use admin::Admin;
use serde_json::{Value, json};

use super::handle;

/// The type and the message of the error.
async fn rejection(event: Value) -> (&'static str, String) {
    let error = handle(&Admin::default(), event).await.unwrap_err();
    (error.error_type(), error.to_string())
}

#[tokio::test]
async fn event_without_operation_is_rejected_with_the_list() {
    for event in [json!(null), json!([]), json!("migrate"), json!({}), json!({"operation": 1})] {
        let (error_type, message) = rejection(event).await;
        assert_eq!(error_type, "UnknownOperation");
        for name in ["migrate", "check", "dlq_list", "dlq_redrive", "dlq_status"] {
            assert!(message.contains(name), "{message}");
        }
    }
}

#[tokio::test]
async fn unknown_operation_is_rejected_with_the_list() {
    let (error_type, message) = rejection(json!({"operation": "drop_everything"})).await;
    assert_eq!(error_type, "UnknownOperation");
    assert!(message.starts_with(r#""operation" must be one of migrate, "#), "{message}");
}

#[tokio::test]
async fn malformed_operation_is_rejected_with_location_and_reason() {
    let cases = [
        (json!({"operation": "check", "grace_s": "soon"}), "check", "grace_s", "invalid type"),
        (json!({"operation": "check", "grace_s": -1}), "check", "grace_s", "invalid value"),
        (json!({"operation": "check", "settle": true}), "check", "settle", "unknown field"),
        (json!({"operation": "dlq_list", "limit": 0}), "dlq_list", "limit", "must be 1 to 1000"),
        (json!({"operation": "dlq_list", "limit": 1001}), "dlq_list", "limit", "must be 1 to 1000"),
        (json!({"operation": "migrate", "to": 3}), "migrate", "to", "unknown field"),
    ];
    for (event, operation, place, reason) in cases {
        let (error_type, message) = rejection(event).await;
        assert_eq!(error_type, "MalformedEvent");
        assert!(
            message.starts_with(&format!("operation {operation}, at {place:?}: ")),
            "{message}"
        );
        assert!(message.contains(reason), "{message}");
    }
}

/// Errors are logged, and an operator may enter a key in the wrong member.
#[tokio::test]
async fn error_shows_no_value() {
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
        let (error_type, message) = rejection(event.clone()).await;
        assert!(!message.contains("0123abcd"), "{event}: {error_type}: {message}");
    }
}

#[tokio::test]
async fn missing_configuration_is_named() {
    let (error_type, message) = rejection(json!({"operation": "migrate"})).await;
    assert_eq!((error_type, message.as_str()), ("NotConfigured", "this needs DATABASE_URL"));
    let (error_type, message) = rejection(json!({"operation": "dlq_status"})).await;
    assert_eq!(
        (error_type, message.as_str()),
        ("NotConfigured", "this needs DEAD_LETTER_QUEUE_URL")
    );
}

/// The sample events of the README are events of this version.
#[tokio::test]
async fn sample_events_are_valid() {
    for sample in [
        include_str!("../../../../events/admin-migrate.json"),
        include_str!("../../../../events/admin-check.json"),
    ] {
        let (error_type, message) = rejection(serde_json::from_str(sample).unwrap()).await;
        assert_eq!((error_type, message.as_str()), ("NotConfigured", "this needs DATABASE_URL"));
    }
}
