//! The output of the commands: lines, tables, and on a terminal also progress bars.

use std::sync::Mutex;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use tributary_client::{AcceptedBatch, StatusCounts, Summary};

/// The steps of a start: prints one line per step, and shows a spinner for the current one.
pub struct Steps {
    spinner: ProgressBar,
    current: Mutex<String>,
}

impl Steps {
    pub fn new() -> Self {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self { spinner, current: Mutex::new(String::new()) }
    }

    /// Shows a new step. A step that is reported repeatedly is printed once.
    pub fn show(&self, step: &str) {
        if let Ok(mut current) = self.current.lock()
            && *current != step
        {
            step.clone_into(&mut current);
            self.spinner.suspend(|| println!("{step}"));
            self.spinner.set_message(step.to_owned());
        }
    }

    /// Removes the spinner.
    pub fn finish(&self) {
        self.spinner.finish_and_clear();
    }
}

/// A progress bar with a total.
pub fn count_bar(message: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar.with_message(message.to_owned())
}

/// The progress of a batch.
pub struct BatchProgress {
    bar: ProgressBar,
    shown: Option<StatusCounts>,
}

impl BatchProgress {
    /// For a batch of `total` transactions.
    pub fn new(total: u64) -> Self {
        Self { bar: count_bar("enriched", total), shown: None }
    }

    /// Shows the counts. Returns whether they have changed.
    pub fn show(&mut self, counts: &StatusCounts) -> bool {
        if self.shown == Some(*counts) {
            return false;
        }
        self.shown = Some(*counts);
        let done = counts.completed + counts.failed;
        self.bar.set_position(done);
        self.bar.suspend(|| println!("{}", counts_line(counts)));
        true
    }

    /// Removes the progress bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn counts_line(counts: &StatusCounts) -> String {
    format!(
        "pending {:>5}   processing {:>5}   completed {:>5}   failed {:>5}",
        counts.pending, counts.processing, counts.completed, counts.failed
    )
}

/// The response to a batch.
pub fn accepted_line(batch: &AcceptedBatch) -> String {
    format!(
        "202 Accepted: batch {}, {} transactions \
         ({} inserted, {} updated, {} unchanged), {} removed, correlation id {}",
        batch.batch_id,
        batch.total_transactions,
        batch.inserted,
        batch.updated,
        batch.unchanged,
        batch.removed,
        batch.correlation_id
    )
}

/// An account's summary as a table.
pub fn summary_table(summary: &Summary) -> Table {
    let currency = summary.currency.as_deref().unwrap_or("no currency");
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(vec![
        format!(
            "{}, {} to {}",
            summary.account_id, summary.date_range.start, summary.date_range.end
        ),
        currency.to_owned(),
    ]);
    let metrics = &summary.metrics;
    table.add_row(vec!["Transactions".to_owned(), metrics.total_transactions.to_string()]);
    table.add_row(vec!["Spend", metrics.total_spend.as_str()]);
    table.add_row(vec!["Income", metrics.total_income.as_str()]);
    table.add_row(vec!["Net", metrics.net.as_str()]);
    for (rank, top) in (1..).zip(&summary.top_categories) {
        let count = top.transaction_count;
        let plural = if count == 1 { "" } else { "s" };
        table.add_row(vec![
            format!("{rank}. {} ({count} transaction{plural})", top.category),
            top.total_spend.to_string(),
        ]);
    }
    let status = &summary.processing_status;
    table.add_row(vec![
        "Completed / failed / in progress".to_owned(),
        format!(
            "{} / {} / {}",
            status.completed,
            status.failed,
            status.pending + status.processing
        ),
    ]);
    if let Some(amounts) = table.column_mut(1) {
        amounts.set_cell_alignment(CellAlignment::Right);
    }
    table
}
