//! The `report` function: the calls that read.

use report::Report;
use tributary_lambda::aws::Aws;
use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::Environment;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{functions, http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    let metrics = Metrics::of_process("report");
    let database = Environment::load(DatabaseConfig::read)?;
    let store = database.connect(&functions::REPORT, &Aws::default()).await?;
    http::run(Report::new(store), metrics).await
}
