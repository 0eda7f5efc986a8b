//! `tributary dlq`: the messages that were given up.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono::DateTime;
use clap::{Args, Subcommand};
use tributary_queue::{DeadLetter, DeadLetters};
use tributary_system::sqs_client;

use crate::terminal;

/// How long a look at a redrive is not repeated.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
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
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Send all of them back to the queue that they came from.
    Redrive,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    if options.endpoint_url.is_empty() || options.queue_url.is_empty() {
        bail!("say where the queue is: `source .tributary/env`, or --endpoint-url and --queue-url");
    }
    let letters = DeadLetters::new(sqs_client(&options.endpoint_url).await, options.queue_url);
    match options.action {
        Action::List { limit } => list(&letters, limit).await,
        Action::Redrive => redrive(&letters).await,
    }
}

async fn list(letters: &DeadLetters, limit: usize) -> anyhow::Result<()> {
    let count = letters.count().await.context("the dead-letter queue does not answer")?;
    println!("about {count} dead letters");
    for letter in letters.list(limit).await? {
        print(&letter);
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

async fn redrive(letters: &DeadLetters) -> anyhow::Result<()> {
    let total = letters.count().await.context("the dead-letter queue does not answer")?;
    if total == 0 {
        println!("no dead letters");
        return Ok(());
    }
    letters.redrive().await.context("SQS does not begin to redrive")?;
    let bar = terminal::count_bar("sent back", total);
    loop {
        let redrive = letters.last_redrive().await?.context("SQS knows of no redrive")?;
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
