//! The `ingest` function: the calls that write.

use ingest::{Config, Ingest};
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("ingest");
    let config = Config::from_env()?;
    let (store, queue) = config.backends.connect(&functions::INGEST).await?;
    let ingest = Ingest::new(store, queue, config.limits, metrics.clone());
    http::run(ingest, metrics).await
}
