//! `tributary simulate`: sends made-up batches, watches them being enriched, prints the summary.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::{Days, Utc};
use clap::Args;
use secrecy::ExposeSecret;

use crate::api_key;
use crate::batch_maker::BatchMaker;
use crate::client::{Accepted, Client};
use crate::terminal::{self, BatchProgress};

/// How long a look at a batch is not repeated.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long nothing may change before a batch counts as stuck.
const STANDSTILL_MAX: Duration = Duration::from_secs(180);

#[derive(Args)]
pub struct Options {
    /// How many transactions each batch has; 10 to 15 if not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    transactions: Option<u32>,
    /// How many batches.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    batches: u32,
    /// What the batches are made from; the same seed makes the same batches on the same day.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the API is.
    #[arg(long, env = "TRIBUTARY_URL")]
    url: String,
    /// A file with a key for ingest and report, or - for standard input. Without it the key is
    /// TRIBUTARY_API_KEY of the environment. It is no option: everybody may list options.
    #[arg(long)]
    api_key_file: Option<PathBuf>,
    /// Send only: do not wait until the batches are enriched.
    #[arg(long)]
    no_wait: bool,
}

/// Which batches are made.
pub struct Batches {
    count: u32,
    transactions: Option<u32>,
    seed: u64,
}

impl Batches {
    /// So many batches of so many transactions; without a seed, a new one.
    pub fn new(count: u32, transactions: Option<u32>, seed: Option<u64>) -> Self {
        Self { count, transactions, seed: seed.unwrap_or_else(|| u64::from(rand::random::<u32>())) }
    }
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let api_key = api_key::read(options.api_key_file.as_deref())?;
    let client = Client::new(&options.url, api_key.expose_secret())?;
    let batches = Batches::new(options.batches, options.transactions, options.seed);
    tokio::select! {
        outcome = async {
            if options.no_wait {
                send(&client, &batches).await.map(drop)
            } else {
                send_and_watch(&client, &batches).await
            }
        } => outcome,
        () = terminal::interrupted() => anyhow::bail!("interrupted"),
    }
}

/// Sends every batch, waits until each is enriched, prints the account's summary.
pub async fn send_and_watch(client: &Client, batches: &Batches) -> anyhow::Result<()> {
    let (account_id, accepted) = send(client, batches).await?;
    for batch in &accepted {
        watch(client, batch).await?;
    }
    let end = Utc::now().date_naive();
    let start = end - Days::new(BatchMaker::DAYS_BACK_MAX);
    let summary = client.summary(&account_id, start, end).await?;
    println!("\n{}", terminal::summary_table(&summary));
    Ok(())
}

/// Sends every batch. Answers the account that they are for.
async fn send(client: &Client, batches: &Batches) -> anyhow::Result<(String, Vec<Accepted>)> {
    let today = Utc::now().date_naive();
    let mut maker = BatchMaker::new(batches.seed, batches.transactions, today);
    let bar = terminal::count_bar("batches sent", u64::from(batches.count));
    let mut accepted = Vec::new();
    for _ in 0..batches.count {
        let body = maker.next_batch();
        let answer = client.post_batch(&body).await.context("the batch was not taken")?;
        bar.inc(1);
        if batches.count == 1 {
            bar.suspend(|| println!("{}", terminal::accepted_line(&answer)));
        }
        accepted.push(answer);
    }
    bar.finish_and_clear();
    if batches.count > 1 {
        let total: i64 = accepted.iter().map(|batch| batch.total_transactions).sum();
        println!("{} batches accepted, {total} transactions, seed {}", batches.count, batches.seed);
    } else {
        println!("made with --seed {}", batches.seed);
    }
    Ok((maker.account_id().to_owned(), accepted))
}

/// Shows a batch's progress until nothing of it is left to do.
async fn watch(client: &Client, batch: &Accepted) -> anyhow::Result<()> {
    let mut progress = BatchProgress::new(batch.total_transactions);
    let mut changed = Instant::now();
    loop {
        let status = client.batch(&batch.batch_id).await?;
        if progress.show(&status.processing_status) {
            changed = Instant::now();
        }
        if status.finished_at.is_some() {
            progress.finish();
            for failure in &status.failures {
                println!("failed: {} ({})", failure.transaction_id, failure.reason);
            }
            return Ok(());
        }
        ensure!(changed.elapsed() < STANDSTILL_MAX, "batch {} stands still", batch.batch_id);
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
