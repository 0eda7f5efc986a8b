//! `tributary simulate`: sends generated batches, or pages as Plaid sends them, watches their
//! progress, prints the summary.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate, Utc};
use clap::Args;
use secrecy::ExposeSecret;
use tributary_client::{AcceptedBatch, Client, DateRange};
use tributary_domain::Format;

use crate::api_key;
use crate::batch_maker::BatchMaker;
use crate::plaid_maker::PlaidMaker;
use crate::signal;
use crate::terminal::{self, BatchProgress};

/// The pause between two reads of a batch's progress.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The time without progress after which a batch counts as stalled.
const STALLED_AFTER: Duration = Duration::from_secs(180);

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    batch: BatchOptions,
    /// The number of batches. 1 by default, 4 with --plaid.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batches: Option<u32>,
    /// Send pages of Plaid's /transactions/sync: pending transactions post, change and vanish on
    /// later pages.
    #[arg(long)]
    plaid: bool,
    /// The URL of the API.
    #[arg(long, env = "TRIBUTARY_URL")]
    url: String,
    /// A file with an API key for ingest and report, or - for standard input. By default the
    /// environment variable TRIBUTARY_API_KEY. Not an option, since command lines are public.
    #[arg(long)]
    api_key_file: Option<PathBuf>,
    /// Do not wait until the batches are finished.
    #[arg(long)]
    no_wait: bool,
}

/// The options of generated batches.
#[derive(Args)]
pub struct BatchOptions {
    /// The number of transactions in a batch. 10 to 15 by default.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    transactions: Option<u32>,
    /// The seed of the batches: equal seeds give equal batches on the same day. Random by default.
    #[arg(long)]
    seed: Option<u64>,
}

/// The pages of `simulate --plaid`: enough that pending transactions of the first ones post.
const PLAID_PAGES_DEFAULT: u32 = 4;
/// The most batches whose responses are printed one by one.
const RESPONSES_SHOWN_MAX: u32 = 10;

/// The batches to generate.
pub struct Batches {
    format: Format,
    count: u32,
    transactions: Option<u32>,
    seed: u64,
}

impl Batches {
    /// Without a seed, chooses one.
    pub fn new(format: Format, count: u32, options: BatchOptions) -> Self {
        let seed = options.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        Self { format, count, transactions: options.transactions, seed }
    }

    fn maker(&self, today: NaiveDate) -> Maker {
        match self.format {
            Format::Plain => Maker::Plain(BatchMaker::new(self.seed, self.transactions, today)),
            Format::Plaid => Maker::Plaid(PlaidMaker::new(self.seed, self.transactions, today)),
        }
    }
}

/// Generates the batches of either format.
enum Maker {
    Plain(BatchMaker),
    Plaid(PlaidMaker),
}

impl Maker {
    fn account_id(&self) -> &str {
        match self {
            Self::Plain(maker) => maker.account_id(),
            Self::Plaid(maker) => maker.account_id(),
        }
    }

    async fn send_next(
        &mut self,
        client: &Client,
    ) -> Result<AcceptedBatch, tributary_client::Error> {
        match self {
            Self::Plain(maker) => client.post_batch(&maker.next_batch(), None).await,
            Self::Plaid(maker) => client.post_plaid(&maker.next_page(), None).await,
        }
    }
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let api_key = api_key::read(options.api_key_file.as_deref())?;
    let client = Client::new(&options.url)?.with_key(api_key.expose_secret())?;
    let (format, count_default) =
        if options.plaid { (Format::Plaid, PLAID_PAGES_DEFAULT) } else { (Format::Plain, 1) };
    let count = options.batches.unwrap_or(count_default);
    let batches = Batches::new(format, count, options.batch);
    tokio::select! {
        outcome = async {
            if options.no_wait {
                send(&client, &batches).await.map(drop)
            } else {
                send_and_watch(&client, &batches).await
            }
        } => outcome,
        () = signal::interrupted() => anyhow::bail!("interrupted"),
    }
}

/// Sends the batches, waits until each is finished, prints the account's summary.
pub async fn send_and_watch(client: &Client, batches: &Batches) -> anyhow::Result<()> {
    let (account_id, accepted) = send(client, batches).await?;
    for batch in &accepted {
        watch(client, batch).await?;
    }
    let end = Utc::now().date_naive();
    let start = end - Days::new(BatchMaker::DAYS_BACK_MAX);
    let summary = client.summary(&account_id, DateRange { start, end }, None).await?;
    println!("\n{}", terminal::summary_table(&summary));
    Ok(())
}

/// Sends the batches. Returns their account.
async fn send(client: &Client, batches: &Batches) -> anyhow::Result<(String, Vec<AcceptedBatch>)> {
    let today = Utc::now().date_naive();
    let mut maker = batches.maker(today);
    let bar = terminal::count_bar("batches sent", u64::from(batches.count));
    let mut accepted = Vec::new();
    for _ in 0..batches.count {
        let response = maker.send_next(client).await.context("the batch was not accepted")?;
        bar.inc(1);
        let is_shown = batches.count == 1
            || batches.format == Format::Plaid && batches.count <= RESPONSES_SHOWN_MAX;
        if is_shown {
            bar.suspend(|| println!("{}", terminal::accepted_line(&response)));
        }
        accepted.push(response);
    }
    bar.finish_and_clear();
    if batches.count > 1 {
        let total: u64 = accepted.iter().map(|batch| batch.total_transactions).sum();
        println!("{} batches accepted, {total} transactions, seed {}", batches.count, batches.seed);
    } else {
        println!("generated with --seed {}", batches.seed);
    }
    Ok((maker.account_id().to_owned(), accepted))
}

/// Shows a batch's progress until it is finished.
async fn watch(client: &Client, batch: &AcceptedBatch) -> anyhow::Result<()> {
    let mut progress = BatchProgress::new(batch.total_transactions);
    let mut changed = Instant::now();
    loop {
        let status = client.batch(batch.batch_id).await?;
        if progress.show(&status.processing_status) {
            changed = Instant::now();
        }
        if status.is_finished() {
            progress.finish();
            for failure in &status.failures {
                println!("failed: {} ({})", failure.transaction_id, failure.reason);
            }
            return Ok(());
        }
        ensure!(changed.elapsed() < STALLED_AFTER, "batch {} is stalled", batch.batch_id);
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
