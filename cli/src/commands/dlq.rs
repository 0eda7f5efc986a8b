//! `tributary dlq`: the messages in the dead-letter queue.

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

/// The pause between two reads of a redrive's progress.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    deployed: Deployed,
    /// The URL of the SQS endpoint.
    #[arg(long, env = "SQS_ENDPOINT_URL", global = true, default_value = "")]
    endpoint_url: String,
    /// The URL of the dead-letter queue.
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL", global = true, default_value = "")]
    queue_url: String,
}

#[derive(Subcommand)]
enum Action {
    /// List the messages without deleting them.
    List {
        /// The maximum number of messages.
        #[arg(
            long,
            default_value_t = LIST_DEFAULT,
            value_parser = clap::value_parser!(u16).range(1..=i64::from(LIST_MAX))
        )]
        limit: u16,
    },
    /// Move all messages back to their source queue.
    Redrive,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let target = match options.deployed.function {
        Some(function) => AdminTarget::deployed(function).await,
        None => local(&options.endpoint_url, options.queue_url).await?,
    };
    match options.action {
        Action::List { limit } => list(&target, limit).await,
        Action::Redrive => redrive(&target).await,
    }
}

async fn local(endpoint_url: &str, queue_url: String) -> anyhow::Result<AdminTarget> {
    if endpoint_url.is_empty() || queue_url.is_empty() {
        bail!(
            "no dead-letter queue: `source .tributary/env`, or use --endpoint-url and --queue-url, \
             or --function"
        );
    }
    let letters = DeadLetters::new(sqs_client(endpoint_url).await, queue_url);
    Ok(AdminTarget::Local(Box::new(Admin::default().with_dead_letters(letters))))
}

async fn list(target: &AdminTarget, limit: u16) -> anyhow::Result<()> {
    let limit = u64::from(limit).try_into()?;
    let listed = target.perform(List { limit }).await?;
    println!("about {} dead letters", listed.count);
    for letter in &listed.letters {
        print(letter);
    }
    if listed.left_off > 0 {
        println!("and {} more that exceed the size of a response", listed.left_off);
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
        // Escaped, since an invalid body may contain terminal control characters.
        letter.body.escape_debug()
    );
}

async fn redrive(target: &AdminTarget) -> anyhow::Result<()> {
    let total = target.perform(Redrive {}).await?.count;
    if total == 0 {
        println!("no dead letters");
        return Ok(());
    }
    let bar = terminal::count_bar("messages redriven", total);
    loop {
        let status = target.perform(Status {}).await?;
        let redrive = status.redrive.context("SQS reports no redrive")?;
        bar.set_position(u64::try_from(redrive.moved).unwrap_or_default());
        if redrive.has_ended() {
            bar.finish_and_clear();
            println!("{}: {} messages redriven", redrive.status.to_lowercase(), redrive.moved);
            if let Some(failure) = redrive.failure {
                bail!("the redrive failed: {failure}");
            }
            return Ok(());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
