//! `tributary demo`: the main job, from nothing to a report, in a system that is thrown away after it.

use anyhow::Context;
use clap::Args;
use tributary_system::{System, SystemConfig};

use crate::client::Client;
use crate::commands::simulate::{self, Batches};
use crate::terminal::{self, Steps};

#[derive(Args)]
pub struct Options {
    /// How many transactions the batch has; 10 to 15 if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    transactions: Option<u32>,
    /// What the batch is made from; the same seed makes the same batch.
    #[arg(long)]
    seed: Option<u64>,
    /// How long each categorisation takes, in milliseconds, as a remote model would; 0-0 for no time.
    #[arg(long, default_value = "500-1000")]
    latency: String,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let steps = Steps::new();
    let mut config = SystemConfig::throw_away().with_servers_of_environment();
    config.simulated_latency = Some(options.latency);

    let progress = &|step: &str| steps.say(step);
    let system = tokio::select! {
        system = System::start(config, progress) => {
            system.context("the system did not start")?
        }
        () = terminal::interrupted() => anyhow::bail!("interrupted"),
    };
    steps.finish();
    let batches = Batches::new(1, options.transactions, options.seed);
    let outcome = tokio::select! {
        outcome = show(&system, &batches) => outcome,
        () = terminal::interrupted() => Err(anyhow::anyhow!("interrupted")),
    };
    system.stop().await.context("the system did not stop cleanly")?;
    println!(
        "Stopped: the API, the functions, SQS and PostgreSQL. `cargo tributary up` keeps them running."
    );
    outcome
}

async fn show(system: &System, batches: &Batches) -> anyhow::Result<()> {
    let client = Client::new(&system.url(), system.api_key())?;
    // Wakes the functions that read, so that the first look at the batch comes soon after it is taken.
    client.health().await?;
    println!("The API key, which ends with the demo, is {}\n", system.api_key());
    simulate::send_and_watch(&client, batches).await
}
