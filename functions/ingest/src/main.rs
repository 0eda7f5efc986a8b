//! The `ingest` function: the calls that write.

use ingest::Ingest;
use tributary_lambda::backends::Backends;
use tributary_lambda::environment::Environment;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("ingest");
    let (store, queue) = Environment::load(Backends::read)?.connect(&functions::INGEST).await?;
    http::run(Ingest::new(store, queue, metrics.clone()), metrics).await
}
