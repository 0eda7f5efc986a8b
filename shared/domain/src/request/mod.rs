//! Ingest requests: parses a JSON body, in Tributary's format or Plaid's, into valid accounts,
//! transactions and removals.
//!
//! A body goes through `json` (syntax and structure), `raw` (known fields as JSON), `fields` (their
//! values) and `parse` (the request). All faults are reported at once, each with its JSON Pointer.
//! The store checks whether accounts that are not in the body exist.

mod content_hash;
mod fields;
mod json;
mod key;
mod parse;
mod place;
mod progress;
mod raw;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

pub use content_hash::ContentHash;
pub use key::KeyRequest;
pub use place::Place;

use crate::fault::Fault;
use crate::money::Money;

/// The limits of one body. Lengths of texts are in characters and apply once they are cleaned.
pub mod limits {
    use chrono::NaiveDate;

    /// The largest body, in bytes: 6 MB.
    pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
    /// The most transactions and removals of a batch. A batch in the plain format needs at least one.
    pub const TRANSACTIONS_MAX: usize = 10_000;
    /// The most accounts of a batch.
    pub const ACCOUNTS_MAX: usize = 10_000;
    /// The deepest nesting: the body is one level, the array and each transaction are two more.
    pub const DEPTH_MAX: usize = 32;
    /// The most values of a body: itself, and every object, array, string, number and literal.
    /// The largest body reaches this at twelve bytes a value, names included.
    pub const VALUES_MAX: usize = 500_000;
    /// The most fields of one object, known or unknown.
    pub const FIELDS_MAX: usize = 256;
    /// The longest name of a field.
    pub const FIELD_NAME_LENGTH_MAX: usize = 128;
    /// The most characters, as sent, that are costly to normalise: those of texts that are not in
    /// NFC, and combining marks. Normalising them costs more than the rest of parsing.
    pub const NORMALISED_CHARACTERS_MAX: usize = 300_000;
    /// The longest account, transaction or request id, and idempotency key, in bytes.
    pub const ID_BYTES_MAX: usize = crate::text::ID_BYTES_MAX;
    /// The longest literal of a number, far longer than any valid number needs.
    pub const NUMBER_LENGTH_MAX: usize = 64;
    /// The longest name of an account or a merchant, and the longest description.
    pub const NAME_LENGTH_MAX: usize = 512;
    /// The longest account type or subtype, payment channel or mask.
    pub const WORD_LENGTH_MAX: usize = 64;
    /// The longest name of an API key, in characters.
    pub const KEY_NAME_LENGTH_MAX: usize = 100;
    /// The most elements of the scopes of a new API key.
    pub const KEY_SCOPES_MAX: usize = 10;
    /// The most days that a date may be ahead of today: banks announce recurring payments.
    pub const DAYS_AHEAD_MAX: u64 = 400;
    /// The earliest date of a transaction.
    pub const DATE_MIN: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
}

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tributary's own: negative amounts are money out.
    Plain,
    /// A response or webhook of Plaid: positive amounts are money out.
    Plaid,
}

/// A valid batch as sent by a client: at most [`limits::TRANSACTIONS_MAX`] transactions and removals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngestRequest {
    /// The accounts in the body, each `account_id` once.
    pub accounts: Vec<Account>,
    /// The transactions, each `transaction_id` once.
    pub transactions: Vec<Transaction>,
    /// The transactions to remove, each `transaction_id` once, and none of [`Self::transactions`].
    pub removals: Vec<Removal>,
    /// The client's id of the request, its idempotency key if no header has one.
    pub request_id: Option<String>,
    /// Where each transaction is in the body.
    transaction_places: Vec<Place>,
    /// Where each removal is in the body.
    removal_places: Vec<Place>,
}

impl IngestRequest {
    /// Parses a body. `now` limits how far ahead a date may be.
    ///
    /// # Errors
    /// [`RequestError`]: the position where the body stops being JSON, or its first hundred faults.
    pub fn parse(body: &[u8], format: Format, now: DateTime<Utc>) -> Result<Self, RequestError> {
        parse::parse(body, format, now)
    }

    /// A request of valid values; others have been reported as faults.
    fn new(
        accounts: Vec<Account>,
        transactions: Vec<(Place, Option<Transaction>)>,
        removals: Vec<(Place, Option<Removal>)>,
        request_id: Option<String>,
    ) -> Self {
        let (transaction_places, transactions) = valid(transactions);
        let (removal_places, removals) = valid(removals);
        Self { accounts, transactions, removals, request_id, transaction_places, removal_places }
    }

    /// The place of the transaction at an index of [`Self::transactions`].
    #[must_use]
    pub fn transaction_place(&self, index: usize) -> Place {
        self.transaction_places.get(index).copied().unwrap_or(Place::Body)
    }

    /// The place of the removal at an index of [`Self::removals`].
    #[must_use]
    pub fn removal_place(&self, index: usize) -> Place {
        self.removal_places.get(index).copied().unwrap_or(Place::Body)
    }
}

fn valid<T>(values: Vec<(Place, Option<T>)>) -> (Vec<Place>, Vec<T>) {
    values.into_iter().filter_map(|(place, value)| Some((place, value?))).unzip()
}

/// An account as the bank describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The bank's id, unique within a tenant.
    pub account_id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// Plaid's account type, such as `depository`.
    pub account_type: String,
    /// Plaid's account subtype, such as `checking`.
    pub subtype: Option<String>,
    /// The last characters of the account number.
    pub mask: Option<String>,
    /// The balances, if the body has any.
    pub balances: Option<Balances>,
}

/// The balances of an account, as the bank reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balances {
    /// What can be spent or withdrawn.
    pub available: Option<Decimal>,
    /// The total of posted transactions; of a credit account, the outstanding balance.
    pub current: Option<Decimal>,
    /// The credit or overdraft limit.
    pub limit: Option<Decimal>,
    /// The currency's code.
    pub currency: Option<String>,
    /// When the bank last updated them; `None` means when they were received.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A transaction as the bank describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// The bank's id, unique within a tenant.
    pub transaction_id: String,
    /// The account that it belongs to.
    pub account_id: String,
    /// The amount; negative is money out.
    pub money: Money,
    /// The booking day, as the bank wrote it. Reports use it.
    pub booked_on: NaiveDate,
    /// When it was booked, if the bank gave a time.
    pub booked_at: Option<DateTime<Utc>>,
    /// The day on which it was authorised.
    pub authorized_on: Option<NaiveDate>,
    /// The description on the statement.
    pub description: String,
    /// The merchant, if the bank knows it.
    pub merchant_name: Option<String>,
    /// How it was paid, such as `online`.
    pub payment_channel: Option<String>,
    /// Four digits by ISO 18245.
    pub merchant_category_code: Option<String>,
    /// The category that the aggregator gave it: a detailed code of Plaid's personal finance
    /// taxonomy.
    pub bank_category: Option<String>,
    /// Not posted yet; a later transaction may replace it.
    pub is_pending: bool,
    /// The pending transaction that this one replaces.
    pub pending_transaction_id: Option<String>,
}

/// A transaction that the bank has withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The transaction.
    pub transaction_id: String,
    /// Its account, if the body has it.
    pub account_id: Option<String>,
}

/// Why a body is not a valid ingest request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON in UTF-8, or a lone surrogate in an escape: its position.
    #[error("the body is not JSON: at line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// JSON, but not a valid batch: the faults, never empty.
    #[error("the body is not a valid batch")]
    Invalid(Vec<Fault>),
}
