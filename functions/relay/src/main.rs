//! The `relay` function, invoked by a schedule.

use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{Config, Relay};
use serde_json::Value;
use tracing::{error, info};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{deadline, functions, logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let metrics = &Metrics::of_process("relay");
    let config = Config::from_env()?;
    let (store, queue) = config.backends.connect(&functions::RELAY).await?;
    let Config { requeue_after, retention, .. } = config;
    let relay = &Relay::new(store, queue, requeue_after, retention, metrics.clone());
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let deadline = deadline::of_invocation(event.context.deadline(), SystemTime::now());
        let outcome = relay.run(deadline).await;
        metrics.flush();
        let outcome = outcome.inspect_err(|error| {
            error!(error = %Chain(error), "relay failed");
        })?;
        info!(
            announced = outcome.announced,
            folded = outcome.folded,
            deleted = outcome.deleted,
            lists_dropped = outcome.lists_dropped,
            batches_deleted = outcome.batches_deleted,
            revisions_deleted = outcome.revisions_deleted,
            transactions_deleted = outcome.transactions_deleted,
            records_deleted = outcome.records_deleted,
            "relay ended"
        );
        Ok::<_, Error>(outcome)
    }))
    .await
}
