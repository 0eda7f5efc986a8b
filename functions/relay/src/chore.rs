//! The chores of relay.

use tributary_lambda::metrics::table::{self, Metric};
use tributary_store::retention::Examined;

/// A chore. Each turn of it is limited and has database transactions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Sends the messages of batches that are due.
    Announce,
    /// Folds the packs of the report's sums into days.
    Fold,
    /// Deletes days of the report that no transaction counts towards.
    DeleteEmptyDays,
    /// Removes the lists of transactions from old batches.
    DropMembers,
    /// Deletes old batches to which no transaction belongs.
    DeleteBatches,
    /// Deletes old revisions of transactions.
    DeleteRevisions,
    /// Deletes transactions that were booked long ago.
    DeleteTransactions,
    /// Deletes the records of deleted transactions that no list of a batch contains any more.
    DeleteRecords,
}

/// The result of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of processed rows.
    pub done: u64,
    /// Whether there may be more to do.
    pub is_more: bool,
}

impl Step {
    /// A turn of a chore that is turned off.
    pub const NOTHING: Self = Self { done: 0, is_more: false };

    /// A turn that processed `done` rows of at most `limit`.
    pub fn of(done: u64, limit: i64) -> Self {
        Self { done, is_more: done >= limit.unsigned_abs() }
    }

    /// A turn that examined rows. None of them is due again.
    pub fn of_examined(turn: Examined) -> Self {
        Self { done: turn.done.unsigned_abs(), is_more: turn.examined > 0 }
    }
}

impl Chore {
    /// All of them, in the order of their first turns.
    pub const ALL: &'static [Self] = &[
        Self::Announce,
        Self::Fold,
        Self::DeleteEmptyDays,
        Self::DropMembers,
        Self::DeleteBatches,
        Self::DeleteRevisions,
        Self::DeleteTransactions,
        Self::DeleteRecords,
    ];

    /// Its name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Fold => "fold",
            Self::DeleteEmptyDays => "delete-empty-days",
            Self::DropMembers => "drop-members",
            Self::DeleteBatches => "delete-batches",
            Self::DeleteRevisions => "delete-revisions",
            Self::DeleteTransactions => "delete-transactions",
            Self::DeleteRecords => "delete-records",
        }
    }

    /// The metric that counts its failures.
    pub const fn failures(self) -> &'static Metric {
        match self {
            Self::Announce => &table::ANNOUNCE_FAILURES,
            Self::Fold => &table::FOLD_FAILURES,
            Self::DeleteEmptyDays
            | Self::DropMembers
            | Self::DeleteBatches
            | Self::DeleteRevisions
            | Self::DeleteTransactions
            | Self::DeleteRecords => &table::CLEANUP_FAILURES,
        }
    }
}
