//! Serves an SQS endpoint with the queue `tributary` until standard input ends, for programs that
//! cannot embed one, such as `cargo lambda watch`. `tributary up` runs the whole system.
//!
//! `sqs_server PORT` prints the URL of the queue. Port 0 selects a free port.

use std::error::Error;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Config, Credentials, Region};
use tributary_sqs::SqsServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("usage: sqs_server PORT")?.parse()?;
    let server = SqsServer::start(port).await?;
    let config = Config::builder()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(server.endpoint_url())
        .build();
    let created = Client::from_conf(config).create_queue().queue_name("tributary").send().await?;
    println!("{}", created.queue_url.ok_or("no queue URL in the response")?);

    let input_ends = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(input_ends).await??;
    server.stop().await;
    Ok(())
}
