//! `tributary chaos`: injects faults into a temporary system, and checks that it loses and
//! duplicates nothing.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use tributary_chaos::{ChaosConfig, Progress, Report};

use crate::signal;
use crate::terminal::{self, Steps};

/// The maximum number of findings printed.
const FINDINGS_PRINTED_MAX: usize = 100;

#[derive(Args)]
pub struct Options {
    /// The number of faults.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    faults: u32,
    /// The seed of faults and requests: equal seeds give equal sequences. Random by default.
    #[arg(long)]
    seed: Option<u64>,
    /// The number of concurrent clients.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    clients: u32,
    /// Connect the functions to PostgreSQL through PgBouncer in transaction mode.
    #[arg(long)]
    pooler: bool,
    /// The directory for the functions' logs. Not stored by default.
    #[arg(long)]
    logs: Option<PathBuf>,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let seed = options.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("chaos --faults {} --seed {seed}", options.faults);
    let mut config = ChaosConfig::new(options.faults, seed);
    config.clients = options.clients;
    config.system.pooler |= options.pooler;
    config.system.log_directory = options.logs;

    let steps = Steps::new();
    let bar = terminal::count_bar("faults", u64::from(options.faults));
    let progress = |progress: Progress<'_>| match progress {
        Progress::Step(step) => steps.show(step),
        Progress::Injected(count) => {
            steps.finish();
            bar.set_position(u64::from(count));
        }
        Progress::Draining(remaining) => bar.set_message(format!(
            "faults; remaining: {} transactions, {} batches, {} slices",
            remaining.transactions, remaining.batches, remaining.slices
        )),
    };
    let report = tokio::select! {
        report = tributary_chaos::run(config, &progress) => report,
        () = signal::interrupted() => bail!("interrupted"),
    };
    bar.finish_and_clear();
    let report = report.with_context(|| format!("the run with --seed {seed} failed"))?;
    print(&report);
    if !report.findings.is_empty() {
        bail!("{} defects found with --seed {seed}", report.findings.len());
    }
    println!("No lost, duplicated or stalled batches.");
    Ok(())
}

fn print(report: &Report) {
    let unknown: Vec<_> =
        report.unknown.iter().map(|(reason, count)| format!("{reason} ({count})")).collect();
    let (injected, drained) = (&report.injected, &report.drained);
    println!("{} faults in {:.1} s:", injected.total(), report.fault_duration.as_secs_f64());
    for (name, count) in &injected.by_name {
        println!("  {count:>5} {name}");
    }
    println!("  {:>5} without effect", injected.ineffective);
    println!(
        "{} requests: {} batches, {} responses repeated, {} rejected; repeated after: {}",
        report.requests,
        report.batches,
        report.repeats,
        report.rejected,
        unknown.join(", ")
    );
    println!(
        "{} transactions ({} removed), {} revisions, at most {} attempts; {} batches retried, \
         {} dead letters",
        report.transactions,
        report.removed,
        report.revisions,
        report.attempts_max,
        drained.retried,
        report.dead_letters
    );
    println!("all work completed after {:.1} s", drained.after.as_secs_f64());
    for finding in report.findings.iter().take(FINDINGS_PRINTED_MAX) {
        println!("DEFECT {finding}");
    }
}
