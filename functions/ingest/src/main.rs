//! The `ingest` function's process: the calls that write.

use ingest::{Config, Ingest};
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};
use tributary_queue::Queue;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("ingest");
    let config = Config::from_env()?;
    let store = config.database.connect().await?;
    let queue = Queue::connect(config.queue_url).await;
    http::run(Ingest::new(store, queue).with_metrics(metrics.clone()), metrics).await
}
