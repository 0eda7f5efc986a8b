//! Batches in responses.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::text_enum::text_enum;

/// The result of accepting a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AcceptedBatch {
    /// The id of the batch.
    pub batch_id: Uuid,
    /// `inserted` + `updated` + `unchanged`; without removals.
    pub total_transactions: u64,
    /// Transactions that were new.
    pub inserted: u64,
    /// Known transactions with other content, and removed ones that are back.
    pub updated: u64,
    /// Known transactions with the same content, and pending copies of posted ones.
    pub unchanged: u64,
    /// Removals of known transactions.
    pub removed: u64,
    /// Removals of unknown transactions, which have no effect.
    pub removed_unknown: u64,
    /// The correlation id of the request that sent the batch.
    pub correlation_id: String,
}

/// The status of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Batch {
    /// The id of the batch.
    pub batch_id: Uuid,
    /// `inserted` + `updated` + `unchanged`; without removals.
    pub total_transactions: u64,
    /// Transactions that were new.
    pub inserted: u64,
    /// Known transactions with other content, and removed ones that are back.
    pub updated: u64,
    /// Known transactions with the same content, and pending copies of posted ones.
    pub unchanged: u64,
    /// Removals of known transactions.
    pub removed: u64,
    /// Removals of unknown transactions, which have no effect.
    pub removed_unknown: u64,
    /// Its transactions by their current status.
    pub processing_status: StatusCounts,
    /// Transactions that are no longer stored.
    pub erased: u64,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When a worker first claimed transactions of it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last transaction was finished. `None` while any is unfinished.
    pub finished_at: Option<DateTime<Utc>>,
    /// The first ten failed transactions, by id.
    pub failures: Vec<Failure>,
    /// The correlation id of the request that sent the batch.
    pub correlation_id: String,
}

impl Batch {
    /// Whether all of its transactions are completed or failed.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }
}

/// The number of transactions in each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct StatusCounts {
    /// Not enriched yet.
    pub pending: u64,
    /// Held by a worker.
    pub processing: u64,
    /// Enriched.
    pub completed: u64,
    /// Failed, each with a reason.
    pub failed: u64,
}

/// A transaction that failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The bank's id.
    pub transaction_id: String,
    /// Why it failed.
    pub reason: String,
    /// The number of attempts to enrich it.
    pub attempts: u32,
}

/// A batch in a list. Its status and `failed` are as they were when it was finished.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ListedBatch {
    /// The id of the batch.
    pub batch_id: Uuid,
    /// Whether it is finished.
    pub status: BatchStatus,
    /// `inserted` + `updated` + `unchanged`; without removals.
    pub total_transactions: u64,
    /// Transactions that were new.
    pub inserted: u64,
    /// Known transactions with other content, and removed ones that are back.
    pub updated: u64,
    /// Known transactions with the same content, and pending copies of posted ones.
    pub unchanged: u64,
    /// Removals of known transactions.
    pub removed: u64,
    /// Removals of unknown transactions, which have no effect.
    pub removed_unknown: u64,
    /// Transactions that had failed when the batch was finished; 0 while it is open.
    pub failed: u64,
    /// Transactions that are known to be no longer stored.
    pub erased: u64,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// When a worker first claimed transactions of it.
    pub started_at: Option<DateTime<Utc>>,
    /// When its last transaction was finished. `None` while any is unfinished.
    pub finished_at: Option<DateTime<Utc>>,
    /// The correlation id of the request that sent the batch.
    pub correlation_id: String,
}

text_enum! {
    /// The status of a batch. `Failed` is finished, with failed transactions.
    BatchStatus { Open = "open", Finished = "finished", Failed = "failed" }
}

/// A page of batches, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BatchPage {
    /// The batches.
    pub batches: Vec<ListedBatch>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// The cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// The result of a retry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RetriedBatch {
    /// The id of the batch.
    pub batch_id: Uuid,
    /// The number of transactions that will be enriched again.
    pub retried: u64,
    /// The correlation id of this request.
    pub correlation_id: String,
}
