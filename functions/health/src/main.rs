//! The `health` function's process: `GET /api/health` and `GET /api/openapi.json`.

use health::{Config, Health};
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};
use tributary_queue::Queue;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("health");
    let config = Config::from_env()?;
    let store = config.database.connect().await?;
    let queue = Queue::connect(config.queue_url).await;
    http::run(Health::new(store, queue), metrics).await
}
