//! A Lambda function for the tests of this crate. It is not part of Tributary.
//!
//! The event is a command, whose field `do` names it: `{"do": "echo"}` returns the event, the
//! context and the environment variables, and `{"do": "respond", "with": …}` returns `with`. If the
//! variable `BEHAVIOUR` is set, it is the command for every event.

use std::time::Duration;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match std::env::var("START").as_deref() {
        Ok("fail") => return Err("no configuration".into()),
        Ok("hang") => tokio::time::sleep(Duration::from_secs(60)).await,
        _ => eprintln!("started"),
    }
    let behaviour = std::env::var("BEHAVIOUR").ok();
    let behaviour = behaviour.as_deref().map(serde_json::from_str::<Value>).transpose()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| handle(event, behaviour.as_ref())))
        .await
}

#[expect(clippy::panic, reason = "the command `panic` panics")]
async fn handle(event: LambdaEvent<Value>, behaviour: Option<&Value>) -> Result<Value, Diagnostic> {
    let (payload, context) = event.into_parts();
    let command = behaviour.unwrap_or(&payload);
    println!("handling {}", context.request_id);
    let fail = |message: &str| Diagnostic {
        error_type: "TestError".to_owned(),
        error_message: message.to_owned(),
    };
    match command["do"].as_str() {
        Some("echo") => Ok(json!({
            "event": payload,
            "pid": std::process::id(),
            "request_id": context.request_id,
            "deadline_ms": context.deadline,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "environment": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
        })),
        // The event itself, as the body of an HTTP response.
        Some("echo_http") => Ok(json!({
            "statusCode": 200,
            "headers": {"X-Pid": std::process::id()},
            "body": payload.to_string(),
        })),
        Some("fail") => Err(fail(command["message"].as_str().unwrap_or("it failed"))),
        Some("exit") => std::process::exit(3),
        Some("panic") => std::panic::panic_any("it panicked"),
        Some("large") => Ok("x".repeat(7_000_000).into()),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_millis(command["ms"].as_u64().unwrap_or(0))).await;
            Ok(json!({"pid": std::process::id()}))
        }
        Some("respond") => Ok(command["with"].clone()),
        // Processes an SQS batch: the body of each message determines its result.
        Some("batch") => batch(&payload),
        _ => Err(fail("unknown command")),
    }
}

fn batch(event: &Value) -> Result<Value, Diagnostic> {
    let records = event["Records"].as_array().map(Vec::as_slice).unwrap_or_default();
    if records.iter().any(|record| record["body"] == "crash") {
        std::process::exit(3);
    }
    let failed: Vec<_> = records
        .iter()
        .filter(|record| record["body"] == "fail")
        .map(|record| json!({"itemIdentifier": record["messageId"]}))
        .collect();
    Ok(json!({"batchItemFailures": failed}))
}
