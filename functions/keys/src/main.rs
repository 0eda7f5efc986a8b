//! The `keys` function: the calls that manage API keys.

use keys::{Config, Keys};
use tributary_lambda::aws::Aws;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("keys");
    let config = Config::from_env()?;
    let aws = Aws::default();
    let database = config.database.connect(&functions::KEYS, &aws);
    let (store, peppers) = tokio::join!(database, config.peppers.load(&aws));
    http::run(Keys::new(store?, peppers?.current), metrics).await
}
