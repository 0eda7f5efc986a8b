//! Invokes the admin function of a running system.

use serde_json::{Value, json};
use tributary_stack::lambda::InvokeError;
use tributary_system::{System, SystemConfig};

use crate::support::{api_of, numbered, start};

async fn invoke(system: &System, event: Value) -> Result<Value, InvokeError> {
    let invocation = system.stack().lambda().invoke("admin", event.to_string(), None).await?;
    Ok(serde_json::from_slice(&invocation.payload).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_migrates_checks_and_lists_dead_letters() {
    let system = start(SystemConfig::throw_away()).await;
    let api = api_of(&system);
    api.finished(&api.accept(&numbered(3, "-1")).await).await;

    let migrated = invoke(&system, json!({"operation": "migrate"})).await.unwrap();
    assert_eq!(migrated["applied"], json!([]));
    let checked = invoke(&system, json!({"operation": "check"})).await.unwrap();
    let checks = checked["checks"].as_array().unwrap();
    assert!(checks.len() > 10 && checks.iter().all(|check| check["broken"] == 0), "{checked}");
    let listed = invoke(&system, json!({"operation": "dlq_list"})).await.unwrap();
    assert_eq!(listed, json!({"count": 0, "letters": [], "left_off": 0}));

    let rejected =
        invoke(&system, json!({"operation": "check", "grace_s": "x"})).await.unwrap_err();
    let InvokeError::Function(error) = rejected else { panic!("{rejected:?}") };
    assert_eq!(error.error_type, "MalformedEvent");
    assert!(error.error_message.contains("grace_s"), "{}", error.error_message);
    system.stop().await.unwrap();
}
