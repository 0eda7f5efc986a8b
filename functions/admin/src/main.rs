//! The `admin` function, invoked by operators through IAM and by CloudFormation on deployment.
// In a release build the nested futures of an operation exceed the default limit.
#![recursion_limit = "256"]

use std::time::SystemTime;

use admin::{Admin, AdminError, Config, handle};
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::error;
use tributary_lambda::aws::Aws;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{deadline, functions, logs};
use tributary_queue::DeadLetters;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let metrics = &Metrics::of_process("admin");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let database = config.database.connect(&functions::ADMIN, &aws);
    let (store, peppers) = tokio::join!(database, config.peppers.load(&aws));
    let letters = DeadLetters::of(aws.config().await, config.dead_letter_queue_url);
    let mut admin =
        Admin::default().with_store(store?).with_dead_letters(letters).with_peppers(peppers?);
    if config.roles_log_in {
        admin = admin.with_roles_that_log_in();
    }
    let admin = &admin;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let deadline = deadline::of_invocation(event.context.deadline(), SystemTime::now());
        let outcome = handle(admin, event.payload, deadline).await;
        metrics.flush();
        outcome.map_err(|error| diagnose(&error))
    }))
    .await
}

/// Callers of this function are operators, so they may see the cause of a failure.
fn diagnose(error: &AdminError) -> Diagnostic {
    error!(error = %Chain(error), "operation failed");
    Diagnostic {
        error_type: error.error_type().to_owned(),
        error_message: Chain(error).to_string(),
    }
}
