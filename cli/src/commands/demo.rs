//! `tributary demo`: ingests one batch into a temporary system and prints the report.

use anyhow::{Context, ensure};
use clap::Args;
use tributary_client::{Client, Verdict};
use tributary_domain::Format;
use tributary_system::{System, SystemConfig};

use crate::commands::simulate::{self, BatchOptions, Batches};
use crate::signal;
use crate::start::{show_console, start};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    batch: BatchOptions,
    /// The simulated latency of each categorisation, in milliseconds. 0-0 for none.
    #[arg(long, default_value = "500-1000")]
    latency: String,
    /// Keep the system running until Ctrl-C, to look at the result in the console.
    #[arg(long)]
    keep: bool,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut config = SystemConfig::throw_away().with_servers_of_environment();
    config.simulated_latency = Some(options.latency);
    let system = start(config).await?;
    let batches = Batches::new(Format::Plain, 1, options.batch);
    let mut outcome = tokio::select! {
        outcome = show(&system, &batches) => outcome,
        () = signal::interrupted() => Err(anyhow::anyhow!("interrupted")),
    };
    if options.keep && outcome.is_ok() {
        outcome = show_console(&system).await;
        println!("Ctrl-C stops the system.");
        signal::interrupted().await;
    }
    system.stop().await.context("the system did not stop cleanly")?;
    println!(
        "Stopped: the API, the functions, SQS and PostgreSQL. To keep them: cargo tributary up"
    );
    outcome
}

async fn show(system: &System, batches: &Batches) -> anyhow::Result<()> {
    let client = Client::new(&system.url())?.with_key(system.api_key())?;
    // Starts the functions that read, so that the progress of the batch is visible from the start.
    let health = client.health().await?;
    ensure!(health.status == Verdict::Ok, "the system is not healthy: {health:?}");
    println!("API key, valid during the demo: {}\n", system.api_key());
    simulate::send_and_watch(&client, batches).await
}
