//! The `health` function: `GET /api/health` and `GET /api/openapi.json`.

use health::Health;
use tributary_lambda::backends::Backends;
use tributary_lambda::environment::Environment;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("health");
    let (store, queue) = Environment::load(Backends::read)?.connect(&functions::HEALTH).await?;
    http::run(Health::new(store, queue), metrics).await
}
