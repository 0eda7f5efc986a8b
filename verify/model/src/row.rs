//! A row of the table `transactions`.

/// How many different contents a transaction can have. A content's category is its own number.
pub(crate) const CONTENTS: usize = 2;

/// A row of `transactions`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// `transaction_id`.
    pub(crate) id: u8,
    /// The batch that last inserted or updated it.
    pub(crate) batch: u8,
    /// All client-supplied columns.
    pub(crate) content: u8,
    /// `attempts`, counted up to one past the maximum.
    pub(crate) attempts: u8,
    /// `status` with its dependent columns.
    pub(crate) status: Status,
}

/// `status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    /// `pending`
    Pending,
    /// `processing`
    Processing {
        /// `lease_token`.
        token: Token,
        /// Whether `lease_expires_at` is in the future.
        is_live: bool,
    },
    /// `completed` or `failed`
    Done {
        /// Which of the two.
        outcome: Outcome,
        /// Whether the worker that wrote it held the row's lease. Not a column: a property checks
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

/// The owner of a lease token. Each claim has a new token and a worker has one claim at a time, so
/// the worker's index identifies its token. Tokens of an earlier claim are orphaned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Token {
    Worker(u8),
    Orphaned,
}

impl Row {
    /// Whether a worker holds the row under its current token.
    pub(crate) fn is_held_by(&self, worker: u8) -> bool {
        matches!(self.status, Status::Processing { token: Token::Worker(own), .. } if own == worker)
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self.status, Status::Done { .. })
    }

    pub(crate) const fn has_failed(&self) -> bool {
        matches!(self.status, Status::Done { outcome: Outcome::Failed, .. })
    }
}
