//! Contradictions between a batch and stored transactions.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// Contradictions between a batch and stored transactions. Positions are indices into the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// The positions of transactions that are stored under another account.
    pub other_account: Vec<usize>,
    /// The positions of removals of transactions that are stored under another account.
    pub removals_of_other_account: Vec<usize>,
    /// The transactions whose ids stored transactions have, at most [`REUSED_IDS_MAX`].
    pub reused_ids: Vec<ReusedId>,
}

/// A posted transaction whose id a batch uses for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReusedId {
    /// The position of the other one in the batch.
    pub position: usize,
    /// The booking day of the stored one.
    pub booked_on: NaiveDate,
    /// The amount of the stored one.
    pub amount: Decimal,
    /// The currency of the stored one.
    pub currency: String,
    /// The description of the stored one.
    pub description: String,
}
