//! Shared by the tests of this crate: the test function, a Lambda service that runs it, and polling
//! with a deadline.
//!
//! Each test file has `#![cfg(test)]`, so that clippy treats its helper functions as test code.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod api;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tributary_stack::Lambda;
use tributary_stack::lambda::{FunctionConfig, LambdaConfig};

pub const DEADLINE: Duration = Duration::from_secs(60);

/// The example that cargo builds beside the tests.
pub fn echo_function() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/echo_function");
    assert!(path.is_file(), "{} is not built", path.display());
    path
}

pub fn function(name: &str) -> FunctionConfig {
    FunctionConfig::new(name, echo_function(), Duration::from_secs(10))
}

/// A function with a fixed behaviour, whatever its event is.
pub fn function_that(name: &str, behaviour: &Value) -> FunctionConfig {
    let mut function = function(name);
    function.environment.insert("BEHAVIOUR".to_owned(), behaviour.to_string());
    function
}

pub async fn lambda(functions: Vec<FunctionConfig>) -> Lambda {
    Lambda::start(LambdaConfig {
        functions,
        region: "us-east-1".to_owned(),
        idle_timeout: Duration::from_secs(60),
        log_directory: None,
    })
    .await
    .unwrap()
}

pub async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < DEADLINE, "timed out waiting for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether a process exists and is not a zombie.
pub fn is_alive(pid: u32) -> bool {
    let state =
        std::process::Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output();
    let state = String::from_utf8(state.unwrap().stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}
