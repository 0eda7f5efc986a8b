//! `tributary bench`: measures a temporary system beside bare SQL.

use anyhow::{Context, bail};
use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use tributary_bench::{BenchConfig, Counts, Report, SummaryTiming, Timing};

use crate::signal;
use crate::terminal::Steps;

#[derive(Args)]
pub struct Options {
    /// Measure three rounds of each phase, in about two minutes, instead of nine.
    #[arg(long)]
    quick: bool,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let config = if options.quick { BenchConfig::quick() } else { BenchConfig { rounds: 9 } };
    let steps = Steps::new();
    let progress = |step: &str| steps.show(step);
    let report = tokio::select! {
        report = tributary_bench::run(config, &progress) => report,
        () = signal::interrupted() => bail!("interrupted"),
    };
    steps.finish();
    print(&report.context("the benchmark failed")?);
    Ok(())
}

fn print(report: &Report) {
    println!("\nThroughput, and its ratio to bare SQL that writes the same rows in the same run");
    println!("{}", timings(&report.timings));
    println!("\nSummary of one account, in milliseconds");
    println!("{}", summaries(&report.summaries));
    println!("\nCounts: WAL in bytes for each transaction, rows of sums for each group");
    println!("{}", counts(&report.counts));
    let round_trips = &report.counts.round_trips;
    let round_trips: Vec<_> =
        round_trips.iter().map(|(function, count)| format!("{function} {count}")).collect();
    println!("\nRound trips of an accepted batch of 15: {}", round_trips.join(", "));
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn timings(timings: &[Timing]) -> Table {
    let mut table = table(&["", "rows/s", "bare rows/s", "ratio"]);
    for timing in timings {
        table.add_row([
            timing.name.clone(),
            format!("{:.0}", timing.rows_per_second),
            format!("{:.0}", timing.bare_rows_per_second),
            format!("{:.2}", timing.ratio),
        ]);
    }
    table
}

fn summaries(summaries: &[SummaryTiming]) -> Table {
    let mut table = table(&["", "after a burst", "later", "sum of the rows by SQL"]);
    for summary in summaries {
        table.add_row([
            format!("{} transactions over {} days", summary.rows, summary.days),
            format!("{:.1}", summary.after_burst_ms),
            format!("{:.1}", summary.later_ms),
            format!("{:.1}", summary.recompute_ms),
        ]);
    }
    table
}

fn counts(counts: &Counts) -> Table {
    let mut table = table(&[
        "batch",
        "ingest",
        "bare insert",
        "enrich",
        "bare update",
        "relay",
        "groups",
        "sum rows",
        "folded rows",
    ]);
    for batch in &counts.batches {
        table.add_row([
            batch.rows.to_string(),
            batch.ingest_wal.to_string(),
            batch.bare_insert_wal.to_string(),
            batch.enrich_wal.to_string(),
            batch.bare_update_wal.to_string(),
            batch.relay_wal.to_string(),
            batch.groups.to_string(),
            batch.sum_rows.to_string(),
            batch.folded_rows.to_string(),
        ]);
    }
    table
}
