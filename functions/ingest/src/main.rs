//! The `ingest` function's process: the calls that write.

use ingest::{Config, Ingest};
use tributary_lambda::aws::Aws;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};
use tributary_queue::Queue;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("ingest");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let store = config.database.connect(&aws).await?;
    let queue = Queue::new(aws.config().await, config.queue_url);
    http::run(Ingest::new(store, queue, metrics.clone()), metrics).await
}
