//! Ingest requests: parses a JSON body into valid accounts and transactions.
//!
//! A body goes through `json` (syntax and structure), `raw` (known fields as JSON), `fields` (their
//! values) and `parse` (the request). All faults are reported at once, each with its JSON Pointer.
//! The store checks whether accounts that are not in the body exist.

mod content_hash;
mod fields;
mod json;
mod parse;
mod raw;

use chrono::{DateTime, NaiveDate, Utc};

pub use content_hash::ContentHash;

use crate::fault::Fault;
use crate::money::Money;

/// The limits of one body. Lengths are in characters; texts must fit both as sent and in NFC.
pub mod limits {
    use chrono::NaiveDate;

    /// The largest body, in bytes: 6 MB.
    pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
    /// The most transactions of a batch. It needs at least one.
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
    /// The longest account, transaction or request id, and idempotency key.
    pub const ID_LENGTH_MAX: usize = crate::text::ID_LENGTH_MAX;
    /// The longest literal of a number, far longer than any valid number needs.
    pub const NUMBER_LENGTH_MAX: usize = 64;
    /// The longest name of an account or a merchant, and the longest description.
    pub const NAME_LENGTH_MAX: usize = 512;
    /// The longest account type or subtype, payment channel or mask.
    pub const WORD_LENGTH_MAX: usize = 64;
    /// The most days that a date may be ahead of today: banks post ahead over a weekend.
    pub const DAYS_AHEAD_MAX: u64 = 2;
    /// The earliest date of a transaction.
    pub const DATE_MIN: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
}

/// A valid batch as sent by a client.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestRequest {
    /// The accounts in the body, each `account_id` once.
    pub accounts: Vec<Account>,
    /// One to [`limits::TRANSACTIONS_MAX`] transactions, each `transaction_id` once.
    pub transactions: Vec<Transaction>,
    /// The client's id of the request, its idempotency key if no header has one.
    pub request_id: Option<String>,
}

impl IngestRequest {
    /// Parses a body. `now` limits how far ahead a date may be.
    ///
    /// # Errors
    /// [`RequestError`]: the position where the body stops being JSON, or its first hundred faults.
    pub fn parse(body: &[u8], now: DateTime<Utc>) -> Result<Self, RequestError> {
        parse::parse(body, now)
    }
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
    /// When it was booked; reports use its UTC day.
    pub booked_at: DateTime<Utc>,
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
    /// Not posted yet; a later transaction may replace it.
    pub is_pending: bool,
    /// The pending transaction that this one replaces.
    pub pending_transaction_id: Option<String>,
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
