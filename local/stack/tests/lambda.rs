//! The Lambda service with real function processes.
#![cfg(test)]

mod rig;

use std::time::{Duration, SystemTime};

use futures::future::join_all;
use serde_json::{Value, json};
use tributary_stack::lambda::{FunctionError, InvokeError, LambdaConfig, Pick};
use tributary_stack::{ACCOUNT_ID, Lambda};

use rig::{DEADLINE, eventually, function, is_alive, lambda};

const ECHO: &str = r#"{"do": "echo"}"#;
const SLEEP: &str = r#"{"do": "sleep", "ms": 300}"#;

async fn echo(lambda: &Lambda, name: &str) -> Value {
    let invocation = lambda.invoke(name, ECHO, None).await.unwrap();
    serde_json::from_slice(&invocation.payload).unwrap()
}

#[tokio::test]
async fn first_invocation_starts_a_process_and_later_ones_reuse_it() {
    let lambda = lambda(vec![function("echo")]).await;
    let first = lambda.invoke("echo", ECHO, None).await.unwrap();
    assert!(first.cold_start);
    let pids = [echo(&lambda, "echo").await, echo(&lambda, "echo").await].map(|e| e["pid"].clone());
    assert_eq!(pids[0], pids[1]);
    let statistics = lambda.statistics("echo");
    assert_eq!((statistics.cold_starts, statistics.successes), (1, 3));
    lambda.stop().await;
}

#[tokio::test]
async fn process_receives_event_and_context_and_inherits_no_variable() {
    let mut config = function("echo");
    config.environment.insert("OWN".to_owned(), "value".to_owned());
    let lambda = lambda(vec![config]).await;
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let invocation = lambda.invoke("echo", ECHO, Some(trace)).await.unwrap();
    let response: Value = serde_json::from_slice(&invocation.payload).unwrap();
    assert_eq!(response["event"], json!({"do": "echo"}));
    assert_eq!(response["request_id"], invocation.request_id);
    assert_eq!(response["arn"], format!("arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:echo"));
    assert_eq!(response["trace"], trace);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let deadline = u128::from(response["deadline_ms"].as_u64().unwrap());
    assert!((now + 5_000..now + 10_001).contains(&deadline), "{deadline} {now}");
    let environment = response["environment"].as_object().unwrap();
    assert_eq!(environment["OWN"], "value");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "echo");
    assert_eq!(environment["AWS_REGION"], "us-east-1");
    assert!(!environment.contains_key("CARGO_MANIFEST_DIR"));
    assert!(!environment.contains_key("HOME"));
    lambda.stop().await;
}

#[tokio::test]
async fn concurrent_invocations_use_separate_processes_and_are_throttled_over_the_limit() {
    let mut config = function("echo");
    config.max_concurrency = 3;
    let lambda = lambda(vec![config]).await;
    let results = join_all((0..5).map(|_| lambda.invoke("echo", SLEEP, None))).await;
    let throttled = results
        .iter()
        .filter(|result| result.as_ref().is_err_and(|error| *error == InvokeError::Throttled));
    assert_eq!(throttled.count(), 2);
    let succeeded = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(succeeded, 3);
    assert_eq!(lambda.environments().len(), 3);
    let statistics = lambda.statistics("echo");
    assert_eq!((statistics.cold_starts, statistics.throttles), (3, 2));
    echo(&lambda, "echo").await;
    assert_eq!(lambda.statistics("echo").cold_starts, 3);
    lambda.stop().await;
}

#[tokio::test]
async fn function_error_is_returned_and_its_process_continues() {
    let lambda = lambda(vec![function("echo")]).await;
    let pid = echo(&lambda, "echo").await["pid"].clone();
    let error =
        lambda.invoke("echo", r#"{"do": "fail", "message": "no"}"#, None).await.unwrap_err();
    let expected = FunctionError { error_type: "TestError".into(), error_message: "no".into() };
    assert_eq!(error, InvokeError::Function(expected));
    let panicked = lambda.invoke("echo", r#"{"do": "panic"}"#, None).await.unwrap_err();
    assert!(matches!(panicked, InvokeError::Function(_)), "{panicked}");
    assert_eq!(echo(&lambda, "echo").await["pid"], pid);
    lambda.stop().await;
}

#[tokio::test]
async fn timeout_kills_the_process_and_the_next_invocation_starts_another() {
    let mut config = function("echo");
    config.timeout = Duration::from_millis(200);
    config.max_concurrency = 1;
    let lambda = lambda(vec![config]).await;
    let pid = echo(&lambda, "echo").await["pid"].as_u64().unwrap();
    let error = lambda.invoke("echo", r#"{"do": "sleep", "ms": 60000}"#, None).await.unwrap_err();
    assert_eq!(error, InvokeError::TimedOut(Duration::from_millis(200)));
    assert_eq!(error.error_type(), "Sandbox.Timedout");
    assert!(!is_alive(u32::try_from(pid).unwrap()));
    assert_ne!(echo(&lambda, "echo").await["pid"], pid);
    lambda.stop().await;
}

#[tokio::test]
async fn crash_is_reported_and_the_next_invocation_succeeds() {
    let mut config = function("echo");
    config.max_concurrency = 1;
    let lambda = lambda(vec![config]).await;
    echo(&lambda, "echo").await;
    let error = lambda.invoke("echo", r#"{"do": "exit"}"#, None).await.unwrap_err();
    assert_eq!(error, InvokeError::Exited("exit status: 3".to_owned()));
    assert_eq!(error.error_type(), "Runtime.ExitError");
    echo(&lambda, "echo").await;
    let statistics = lambda.statistics("echo");
    assert_eq!((statistics.cold_starts, statistics.crashes, statistics.successes), (2, 1, 2));
    lambda.stop().await;
}

#[tokio::test]
async fn process_that_does_not_start_is_an_init_error() {
    let mut fails = function("fails");
    fails.environment.insert("START".to_owned(), "fail".to_owned());
    let mut missing = function("missing");
    missing.binary = "/nonexistent/function".into();
    let lambda = lambda(vec![fails, missing]).await;
    for name in ["fails", "missing"] {
        // Twice, since a failed start must not affect the next one.
        for _ in 0..2 {
            let error = lambda.invoke(name, ECHO, None).await.unwrap_err();
            assert!(matches!(error, InvokeError::Init(_)), "{name}: {error}");
        }
    }
    assert!(lambda.environments().is_empty());
    lambda.stop().await;
}

#[tokio::test]
async fn payload_at_the_limit_is_accepted_and_one_byte_more_is_rejected() {
    let lambda = lambda(vec![function("echo")]).await;
    let event = |length: usize| {
        let padding = "x".repeat(length - r#"{"do":"respond","pad":""}"#.len());
        format!(r#"{{"do":"respond","pad":"{padding}"}}"#)
    };
    let longest = lambda.invoke("echo", event(6_291_556), None).await.unwrap();
    assert_eq!(longest.payload, "null");
    let rejected = lambda.invoke("echo", event(6_291_557), None).await.unwrap_err();
    assert_eq!(rejected, InvokeError::PayloadTooLarge(6_291_557));
    let large = lambda.invoke("echo", r#"{"do": "large"}"#, None).await.unwrap_err();
    assert_eq!(large.error_type(), "Function.ResponseSizeTooLarge");
    lambda.stop().await;
}

#[tokio::test]
async fn unregistered_function_is_not_found() {
    let lambda = lambda(vec![]).await;
    let error = lambda.invoke("nothing", ECHO, None).await.unwrap_err();
    assert_eq!(error, InvokeError::UnknownFunction("nothing".to_owned()));
    lambda.stop().await;
}

#[tokio::test]
async fn idle_process_is_stopped_after_the_idle_timeout() {
    let lambda = Lambda::start(LambdaConfig {
        functions: vec![function("echo")],
        region: "us-east-1".to_owned(),
        idle_timeout: Duration::from_millis(200),
        log_directory: None,
    });
    let lambda = lambda.await.unwrap();
    echo(&lambda, "echo").await;
    let pid = lambda.environments()[0].pid;
    eventually("the end of the idle process", async || lambda.environments().is_empty()).await;
    assert!(!is_alive(pid));
    echo(&lambda, "echo").await;
    lambda.stop().await;
}

#[tokio::test]
async fn killing_a_busy_process_fails_its_invocation_and_killing_an_idle_one_fails_none() {
    let lambda = lambda(vec![function("echo")]).await;
    let slow = lambda.invoke("echo", r#"{"do": "sleep", "ms": 60000}"#, None);
    let kill = async {
        eventually("a busy process", async || {
            lambda.environments().iter().any(|environment| environment.busy)
        })
        .await;
        assert_eq!(lambda.kill("echo", Pick::Idle).await, None);
        lambda.kill("echo", Pick::Busy).await.unwrap()
    };
    let (failed, pid) = tokio::join!(slow, kill);
    assert!(!is_alive(pid));
    // A process that is killed before it fetches the event is an init error.
    let failed = failed.unwrap_err();
    assert!(matches!(failed, InvokeError::Exited(_) | InvokeError::Init(_)), "{failed}");
    let pid = echo(&lambda, "echo").await["pid"].as_u64().unwrap();
    let pid = u32::try_from(pid).unwrap();
    assert_eq!(lambda.kill("echo", Pick::Pid(pid)).await, Some(pid));
    echo(&lambda, "echo").await;
    lambda.stop().await;
}

#[test]
fn environment_outlives_the_runtime_that_invoked_it_first() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let lambda = runtime.block_on(lambda(vec![function("echo")]));
    let (done, responses) = std::sync::mpsc::channel();
    for _invocation in 0..2 {
        let (lambda, done) = (lambda.clone(), done.clone());
        std::thread::spawn(move || {
            let caller = tokio::runtime::Builder::new_current_thread().enable_all().build();
            done.send(caller.unwrap().block_on(echo(&lambda, "echo"))["pid"].clone())
        });
        if responses.recv_timeout(DEADLINE).is_err() {
            // A runtime whose worker never yields cannot be dropped.
            runtime.shutdown_background();
            panic!("no response within {DEADLINE:?}");
        }
    }
    assert_eq!(lambda.statistics("echo").cold_starts, 1);
    runtime.block_on(lambda.stop());
}

#[tokio::test]
async fn function_continues_if_its_caller_is_dropped() {
    let lambda = lambda(vec![function("echo")]).await;
    let dropped = lambda.invoke("echo", SLEEP, None);
    assert!(tokio::time::timeout(Duration::from_millis(50), dropped).await.is_err());
    eventually("a success", async || lambda.statistics("echo").successes == 1).await;
    assert_eq!(lambda.environments().iter().filter(|environment| environment.busy).count(), 0);
    lambda.stop().await;
}

#[tokio::test]
async fn output_is_written_to_the_log_file_and_sent_to_subscribers() {
    let folder = tempfile::tempdir().unwrap();
    let lambda = Lambda::start(LambdaConfig {
        functions: vec![function("echo")],
        region: "us-east-1".to_owned(),
        idle_timeout: DEADLINE,
        log_directory: Some(folder.path().join("logs")),
    });
    let lambda = lambda.await.unwrap();
    let mut lines = lambda.log_lines();
    let request_id = lambda.invoke("echo", ECHO, None).await.unwrap().request_id;
    let expected = format!("handling {request_id}");
    let received = async {
        loop {
            let line = lines.recv().await.unwrap();
            if *line.line == expected {
                return line;
            }
        }
    };
    let received = tokio::time::timeout(DEADLINE, received).await.unwrap();
    assert_eq!(&*received.function, "echo");
    let file = folder.path().join("logs/echo.log");
    eventually("both lines in the file", async || {
        let log = std::fs::read_to_string(&file).unwrap();
        log.contains("started\n") && log.contains(&expected)
    })
    .await;
    lambda.stop().await;
}

#[tokio::test]
async fn stop_ends_every_process_and_rejects_invocations() {
    let lambda = lambda(vec![function("echo"), function("other")]).await;
    let busy = join_all((0..3).map(|_| lambda.invoke("echo", SLEEP, None)));
    let (results, _) = tokio::join!(busy, echo(&lambda, "other"));
    assert!(results.iter().all(Result::is_ok));
    let pids: Vec<_> = lambda.environments().iter().map(|environment| environment.pid).collect();
    assert_eq!(pids.len(), 4);
    lambda.stop().await;
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert_eq!(lambda.invoke("echo", ECHO, None).await.unwrap_err(), InvokeError::Stopping);
}
