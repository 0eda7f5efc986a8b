//! Serves an SQS endpoint with a queue `tributary` until standard input ends: for what cannot start one
//! in its own process, such as `cargo lambda watch`. Not for the system as a whole: that is `tributary up`.
//!
//! `sqs_server PORT`, 0 for any free one, writes the queue's URL.

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
    println!("{}", created.queue_url.ok_or("no queue URL in the answer")?);

    let input_ends = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(input_ends).await??;
    server.stop().await;
    Ok(())
}
