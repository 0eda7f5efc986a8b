//! A row of the table `transactions`.

use crate::scenario::Entry;

/// How many different contents a transaction can have. A content's category is its own number.
pub(crate) const CONTENTS: usize = 2;

/// A row of `transactions`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// All client-supplied columns.
    pub(crate) entry: Entry,
    /// The batch that last inserted, revised or retried it.
    pub(crate) batch: u8,
    /// Its position in that batch's body.
    pub(crate) position: u8,
    /// `revision`, incremented by each revision.
    pub(crate) revision: u8,
    /// `replaced_by`: the posted transaction that replaces this pending one.
    pub(crate) replaced_by: Option<u8>,
    /// `status` with its dependent columns.
    pub(crate) status: Status,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    /// `pending`
    Pending,
    /// `completed` or `failed`
    Done {
        /// Which of the two.
        outcome: Outcome,
        /// Whether the worker that wrote it held the row's slice. Not a column: a property checks
        /// it.
        by_holder: bool,
    },
}

/// The result of processing a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Completed { category: u8 },
    Failed,
}

impl Row {
    pub(crate) fn is_pending(&self) -> bool {
        self.status == Status::Pending
    }

    pub(crate) const fn has_failed(&self) -> bool {
        matches!(self.status, Status::Done { outcome: Outcome::Failed, .. })
    }
}
