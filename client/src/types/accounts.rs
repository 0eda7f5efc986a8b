//! Accounts in responses.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use crate::Amount;

/// An account with counts of its transactions. They are those of the reports: replaced and removed
/// transactions are in none.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// The bank's id.
    pub account_id: String,
    /// The owner's name for it.
    pub name: String,
    /// Plaid's account type, such as `depository`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Plaid's account subtype, such as `checking`.
    pub subtype: Option<String>,
    /// The last characters of the account number.
    pub mask: Option<String>,
    /// `None` if the bank never sent any.
    pub balances: Option<Balances>,
    /// The number of transactions.
    pub total_transactions: u64,
    /// The same by status.
    pub transaction_counts: TransactionCounts,
    /// The codes of its currencies, the most used first.
    pub currencies: Vec<String>,
    /// The first booking day; `None` without transactions.
    pub first_date: Option<NaiveDate>,
    /// The last booking day; `None` without transactions.
    pub last_date: Option<NaiveDate>,
}

/// The balances of an account, as the bank last reported them.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Balances {
    /// What can be spent or withdrawn.
    pub available: Option<Amount>,
    /// The total of posted transactions; of a credit account, the outstanding balance.
    pub current: Option<Amount>,
    /// The credit or overdraft limit.
    pub limit: Option<Amount>,
    /// A code of ISO 4217. At most one of the two codes is set.
    pub iso_currency_code: Option<String>,
    /// The code of a currency that ISO 4217 does not have.
    pub unofficial_currency_code: Option<String>,
    /// When the bank last updated them, else when they were received.
    pub updated_at: DateTime<Utc>,
}

/// The number of transactions of an account by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TransactionCounts {
    /// Pending or processing.
    pub open: u64,
    /// Enriched.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
}

/// A page of accounts, by id.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct AccountPage {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// The cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
}
