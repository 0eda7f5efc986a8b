//! The phases of a run, each on a system of its own.

use chrono::{Days, Utc};
use sqlx::postgres::PgPoolOptions;
use tributary_client::DateRange;
use tributary_system::{System, SystemConfig};

use crate::api::Api;
use crate::bare::Bare;
use crate::counts::{self, Counts};
use crate::error::BenchError;
use crate::rounds::Timing;
use crate::timings::{Size, Subject, median_ms};
use crate::wire::Wire;
use crate::workload::Workload;

/// The concurrent clients, or workers.
const CLIENTS: [usize; 2] = [1, 4];
const CONNECTIONS: u32 = 4;
/// The days over which bookings are spread.
const DAYS: u64 = 30;
const DAYS_OF_A_YEAR: u64 = 336;
const SUMMARIES: usize = 40;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct BenchConfig {
    /// Rounds of each timing; more rounds narrow the medians.
    pub rounds: usize,
}

impl BenchConfig {
    /// About two minutes.
    #[must_use]
    pub const fn quick() -> Self {
        Self { rounds: 3 }
    }
}

/// The duration of a summary of one account.
#[derive(Clone, Debug)]
pub struct SummaryTiming {
    /// The number of days, over which the account has bookings.
    pub days: u64,
    /// The number of the account's transactions.
    pub rows: usize,
    /// Milliseconds right after the last batch, before relay ran.
    pub after_burst_ms: f64,
    /// Milliseconds after relay ran.
    pub later_ms: f64,
    /// Milliseconds of the SQL that sums the account's rows instead.
    pub recompute_ms: f64,
}

/// The results of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Counts that do not depend on the machine.
    pub counts: Counts,
    /// Throughput of each phase.
    pub timings: Vec<Timing>,
    /// Durations of the summary.
    pub summaries: Vec<SummaryTiming>,
}

/// Runs all phases. Each starts a system with temporary data.
///
/// # Errors
/// [`BenchError`]; processes that are still running end with the program.
pub async fn run(
    config: BenchConfig,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Result<Report, BenchError> {
    if cfg!(debug_assertions) {
        return Err(BenchError::DebugBuild);
    }
    let wire = Wire::start().await.map_err(BenchError::Proxy)?;
    let counted = SystemConfig { database_route: Some(wire.route()), ..without_event_source() };
    let system = System::start(counted, progress).await?;
    progress("Bench: counts");
    let counts = counts_of(&system, &wire).await;
    system.stop().await?;
    let counts = counts?;

    let system = System::start(without_event_source(), progress).await?;
    let phases = phases(&system, config, progress).await;
    system.stop().await?;
    let (mut timings, summaries) = phases?;

    let with_event_source = SystemConfig { relay_interval: None, ..SystemConfig::throw_away() };
    let system = System::start(with_event_source, progress).await?;
    progress("Bench: pipeline");
    let whole = whole_pipeline(&system, config).await;
    system.stop().await?;
    timings.push(whole?);
    Ok(Report { counts, timings, summaries })
}

/// Neither messages nor the schedule invoke a function.
fn without_event_source() -> SystemConfig {
    SystemConfig { enrich_concurrency: 0, relay_interval: None, ..SystemConfig::throw_away() }
}

async fn subject(system: &System) -> Result<Subject<'_>, BenchError> {
    let url = system.database_url();
    let database = PgPoolOptions::new().max_connections(1).connect(url).await?;
    let bare = Bare::create(url, CONNECTIONS).await?;
    Ok(Subject { api: Api::new(system, &database).await?, database, bare })
}

async fn counts_of(system: &System, wire: &Wire) -> Result<Counts, BenchError> {
    let subject = subject(system).await?;
    let mut workload = Workload::new("counts", Utc::now().date_naive(), DAYS).of_one_merchant();
    counts::count(&subject, wire, &mut workload, &[15, 1_000, 10_000]).await
}

async fn phases(
    system: &System,
    config: BenchConfig,
    progress: &(dyn Fn(&str) + Send + Sync),
) -> Result<(Vec<Timing>, Vec<SummaryTiming>), BenchError> {
    let subject = subject(system).await?;
    let today = Utc::now().date_naive();
    let mut timings = Vec::new();
    let mut workload = Workload::new("timed", today, DAYS);
    for (rows, batches) in [(15, 48), (1_000, 8), (10_000, 4)] {
        for at_once in CLIENTS {
            progress(&format!("Bench: batches of {rows}, {at_once} at once"));
            let size = Size { rows, batches };
            let rounds = config.rounds;
            timings.extend(subject.ingest_and_enrich(&mut workload, size, at_once, rounds).await?);
            subject.api.relay().await?;
        }
    }
    let mut summaries = Vec::new();
    for (prefix, days) in [("month", DAYS), ("year", DAYS_OF_A_YEAR)] {
        progress(&format!("Bench: summary of {days} days"));
        let workload = Workload::new(prefix, today, days);
        summaries.push(summary(&subject, workload, days).await?);
    }
    Ok((timings, summaries))
}

async fn whole_pipeline(system: &System, config: BenchConfig) -> Result<Timing, BenchError> {
    let subject = subject(system).await?;
    let mut workload = Workload::new("pipeline", Utc::now().date_naive(), DAYS);
    let size = Size { rows: 1_000, batches: 20 };
    subject.pipeline(&mut workload, size, 4, config.rounds).await
}

async fn summary(
    subject: &Subject<'_>,
    mut workload: Workload,
    days: u64,
) -> Result<SummaryTiming, BenchError> {
    let Subject { api, bare, .. } = subject;
    let (account, today) = (workload.account_id(), Utc::now().date_naive());
    let days_read = DateRange { start: today - Days::new(days), end: today };
    let batches = workload.batches(20, 1_000);
    for batch in &batches {
        let id = api.post(batch.to_body()).await?;
        api.enrich(id).await?;
        bare.insert(batch).await?;
        bare.update(batch).await?;
    }
    let read = async || api.summary(&account, days_read).await;
    read().await?;
    let after_burst_ms = median_ms(SUMMARIES, read).await?;
    api.relay().await?;
    let later_ms = median_ms(SUMMARIES, read).await?;
    let recompute_ms = median_ms(SUMMARIES, async || bare.recompute(&account).await).await?;
    let rows = batches.iter().map(crate::workload::Batch::len).sum();
    Ok(SummaryTiming { days, rows, after_burst_ms, later_ms, recompute_ms })
}
