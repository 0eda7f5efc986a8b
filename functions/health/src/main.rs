//! The `health` function's process: `GET /api/health` and `GET /api/openapi.json`.

use health::{Config, Health};
use tributary_lambda::aws::Aws;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};
use tributary_queue::Queue;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("health");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let store = config.database.connect(&aws).await?;
    let queue = Queue::new(aws.config().await, config.queue_url);
    http::run(Health::new(store, queue), metrics).await
}
