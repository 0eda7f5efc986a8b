//! Starts function processes and waits to be killed: the test `orphans` checks that they end as
//! well. It is not part of Tributary.
//!
//! `stack_owner PATH` runs the echo function at this path and prints the ids of an idle and a busy
//! process.

use std::env;
use std::time::Duration;

use tributary_stack::Lambda;
use tributary_stack::lambda::{FunctionConfig, IDLE_TIMEOUT_DEFAULT, LambdaConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let binary = env::args_os().nth(1).ok_or("the path of the echo function is missing")?;
    let function = |name: &str| FunctionConfig::new(name, &binary, Duration::from_secs(60));
    let lambda = Lambda::start(LambdaConfig {
        functions: vec![function("idle"), function("busy")],
        region: "us-east-1".to_owned(),
        idle_timeout: IDLE_TIMEOUT_DEFAULT,
        log_directory: None,
    });
    let lambda = lambda.await?;
    lambda.invoke("idle", r#"{"do": "respond"}"#, None).await?;
    lambda.invoke("busy", r#"{"do": "respond"}"#, None).await?;
    let busy = lambda.invoke("busy", r#"{"do": "sleep", "ms": 50000}"#, None);
    let report = async {
        while !lambda.environments().iter().any(|environment| environment.busy) {
            tokio::task::yield_now().await;
        }
        let pids = lambda.environments().into_iter().map(|environment| environment.pid.to_string());
        println!("{}", pids.collect::<Vec<_>>().join(" "));
    };
    let (ended, ()) = tokio::join!(busy, report);
    ended?;
    Ok(())
}
