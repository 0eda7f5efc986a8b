//! The `report` function's process: the calls that read.

use report::{Config, Report};
use tributary_lambda::aws::Aws;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("report");
    let config = Config::from_env()?;
    let store = config.database.connect(&Aws::default()).await?;
    http::run(Report::new(store), metrics).await
}
