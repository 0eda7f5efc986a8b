//! `tributary dlq`: the messages that were given up.

use std::time::Duration;

use admin::Admin;
use admin::dlq::{LIST_DEFAULT, LIST_MAX, List, Redrive, Status};
use anyhow::{Context, bail};
use chrono::DateTime;
use clap::{Args, Subcommand};
use tributary_queue::{DeadLetter, DeadLetters};
use tributary_system::sqs_client;

use crate::admin_target::{AdminTarget, Deployed};
use crate::terminal;

/// How long a look at a redrive is not repeated.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    deployed: Deployed,
    /// The SQS endpoint.
    #[arg(long, env = "SQS_ENDPOINT_URL", global = true, default_value = "")]
    endpoint_url: String,
    /// The dead-letter queue.
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL", global = true, default_value = "")]
    queue_url: String,
}

#[derive(Subcommand)]
enum Action {
    /// Show the messages, and leave them where they are.
    List {
        /// How many at most.
        #[arg(
            long,
            default_value_t = LIST_DEFAULT,
            value_parser = clap::value_parser!(u16).range(1..=i64::from(LIST_MAX))
        )]
        limit: u16,
    },
    /// Send all of them back to the queue that they came from.
    Redrive,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let target = match options.deployed.function {
        Some(function) => AdminTarget::deployed(function).await,
        None => here(&options.endpoint_url, options.queue_url).await?,
    };
    match options.action {
        Action::List { limit } => list(&target, limit).await,
        Action::Redrive => redrive(&target).await,
    }
}

async fn here(endpoint_url: &str, queue_url: String) -> anyhow::Result<AdminTarget> {
    if endpoint_url.is_empty() || queue_url.is_empty() {
        bail!(
            "say where the queue is: `source .tributary/env`, or --endpoint-url and --queue-url, or --function"
        );
    }
    let letters = DeadLetters::new(sqs_client(endpoint_url).await, queue_url);
    Ok(AdminTarget::Here(Box::new(Admin::default().with_dead_letters(letters))))
}

async fn list(target: &AdminTarget, limit: u16) -> anyhow::Result<()> {
    let limit = u64::from(limit).try_into()?;
    let listed = target.perform(List { limit }).await?;
    println!("about {} dead letters", listed.count);
    for letter in &listed.letters {
        print(letter);
    }
    if listed.left_off > 0 {
        println!("and {} that are too large for one answer", listed.left_off);
    }
    Ok(())
}

fn print(letter: &DeadLetter) {
    let sent = letter.sent_at_ms.and_then(DateTime::from_timestamp_millis);
    println!(
        "{}  sent {}  received {}  correlation id {}\n  {}",
        letter.message_id,
        sent.map_or_else(|| "?".to_owned(), |sent| sent.to_rfc3339()),
        letter.receive_count.unwrap_or_default(),
        letter.correlation_id.as_deref().unwrap_or("none"),
        // A body that nobody could read may hold anything: shown so that no terminal obeys it.
        letter.body.escape_debug()
    );
}

async fn redrive(target: &AdminTarget) -> anyhow::Result<()> {
    let total = target.perform(Redrive {}).await?.count;
    if total == 0 {
        println!("no dead letters");
        return Ok(());
    }
    let bar = terminal::count_bar("sent back", total);
    loop {
        let status = target.perform(Status {}).await?;
        let redrive = status.redrive.context("SQS knows of no redrive")?;
        bar.set_position(u64::try_from(redrive.moved).unwrap_or_default());
        if redrive.has_ended() {
            bar.finish_and_clear();
            println!("{}: {} sent back", redrive.status.to_lowercase(), redrive.moved);
            if let Some(failure) = redrive.failure {
                bail!("the redrive failed: {failure}");
            }
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
