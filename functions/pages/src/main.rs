//! The `pages` function: the files of the console and of the API's documentation.

use pages::Pages;
use tributary_lambda::metrics::Metrics;
use tributary_lambda::{http, logs};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    logs::init();
    http::run(Pages, Metrics::of_process("pages")).await
}
