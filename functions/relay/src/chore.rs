//! The chores of relay.

use tributary_lambda::metrics::table::{self, Metric};

/// A chore. Each turn of it is limited and has database transactions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Sends the messages of batches that are due.
    Announce,
    /// Folds the packs of the report's sums into days.
    Fold,
    /// Deletes days of the report that no transaction counts towards.
    DeleteEmptyDays,
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
    /// A turn that processed `done` rows of at most `limit`.
    pub fn of(done: u64, limit: i64) -> Self {
        Self { done, is_more: done >= limit.unsigned_abs() }
    }
}

impl Chore {
    /// All of them, in the order of their first turns.
    pub const ALL: &'static [Self] = &[Self::Announce, Self::Fold, Self::DeleteEmptyDays];

    /// Its name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Fold => "fold",
            Self::DeleteEmptyDays => "delete-empty-days",
        }
    }

    /// The metric that counts its failures.
    pub const fn failures(self) -> &'static Metric {
        match self {
            Self::Announce => &table::ANNOUNCE_FAILURES,
            Self::Fold => &table::FOLD_FAILURES,
            Self::DeleteEmptyDays => &table::CLEANUP_FAILURES,
        }
    }
}
