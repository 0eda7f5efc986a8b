//! `tributary chaos`: harms a system that is thrown away, and proves that it loses and doubles nothing.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use tributary_chaos::{ChaosConfig, Progress, Report};

use crate::terminal::{self, Steps};

/// How many findings are printed.
const FINDINGS_SHOWN_MAX: usize = 100;

#[derive(Args)]
pub struct Options {
    /// How many faults.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    faults: u32,
    /// What faults and requests are drawn from; the same seed makes the same choices. A new one if not
    /// given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients send at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    clients: u32,
    /// Let the functions reach PostgreSQL through PgBouncer in transaction mode.
    #[arg(long)]
    pooler: bool,
    /// Where the functions' logs are kept; nowhere if not given.
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
        Progress::Step(step) => steps.say(step),
        Progress::Injected(count) => {
            steps.finish();
            bar.set_position(u64::from(count));
        }
        Progress::Settling(left) => bar.set_message(format!(
            "faults; settling: {} transactions, {} batches, {} outbox entries",
            left.transactions, left.batches, left.outbox
        )),
    };
    let report = tokio::select! {
        report = tributary_chaos::run(config, &progress) => report,
        () = terminal::interrupted() => bail!("interrupted"),
    };
    bar.finish_and_clear();
    let report = report.with_context(|| format!("the run with seed {seed} could not be made"))?;
    print(&report);
    if !report.findings.is_empty() {
        bail!("{} findings with --seed {seed}", report.findings.len());
    }
    println!("Nothing lost, nothing doubled, nothing stuck.");
    Ok(())
}

fn print(report: &Report) {
    let unknown: Vec<_> =
        report.unknown.iter().map(|(end, count)| format!("{end} ({count})")).collect();
    let (injected, settled) = (&report.injected, &report.settled);
    println!("{} faults in {:.1} s:", injected.total(), report.storm.as_secs_f64());
    for (kind, count) in &injected.by_kind {
        println!("  {count:>5} {kind}");
    }
    println!("  {:>5} found nothing to harm", injected.missed);
    println!(
        "{} requests: {} batches, {} answers repeated, {} refused; sent again after: {}",
        report.requests,
        report.batches,
        report.repeats,
        report.refused,
        unknown.join(", ")
    );
    println!(
        "{} transactions, {} revisions, at most {} attempts; {} batches retried, {} dead letters",
        report.transactions,
        report.revisions,
        report.attempts_max,
        settled.retried,
        report.dead_letters
    );
    println!("settled after {:.1} s", settled.after.as_secs_f64());
    for finding in report.findings.iter().take(FINDINGS_SHOWN_MAX) {
        println!("WRONG {finding}");
    }
}
