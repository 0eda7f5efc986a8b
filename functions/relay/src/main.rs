//! The `relay` function's process: invoked by a schedule.

use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{Config, Relay};
use serde_json::Value;
use tracing::{error, info};
use tributary_lambda::aws::Aws;
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{deadline, logs};
use tributary_queue::Queue;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let metrics = &Metrics::of_process("relay");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let store = config.database.connect(&aws).await?;
    let queue = Queue::new(aws.config().await, config.queue_url);
    let relay = &Relay::new(store, queue, config.ages, metrics.clone());
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let deadline = deadline::of_invocation(event.context.deadline(), SystemTime::now());
        let outcome = relay.run(deadline).await;
        metrics.flush();
        let done = outcome.inspect_err(|error| {
            error!(error = %Chain(error), "relay was cut short");
        })?;
        info!(
            requeued = done.requeued,
            sent = done.sent,
            folded = done.folded,
            expired_keys = done.expired_keys,
            "relay ended"
        );
        Ok::<_, Error>(done)
    }))
    .await
}
