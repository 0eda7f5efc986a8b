//! An ingest request: a body of JSON becomes accounts and transactions that are known to be right.
//!
//! Every fault of a body is found in one reading, each with its JSON Pointer. Whether an account that
//! the body does not bring is known already is for the store to say.

mod fields;
mod json;
mod parse;
mod raw;

use chrono::{DateTime, NaiveDate, Utc};

use crate::fault::Fault;
use crate::money::Money;

/// The limits of one body. Lengths are in characters, those of texts as they are sent and in NFC.
pub mod limits {
    use chrono::NaiveDate;

    /// The largest body that is read, in bytes: 6 MB.
    pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
    /// The most transactions of a batch; the least is one.
    pub const TRANSACTIONS_MAX: usize = 10_000;
    /// The most accounts of a batch.
    pub const ACCOUNTS_MAX: usize = 10_000;
    /// How deep a body may be nested: itself is one level, its transactions two and three.
    pub const DEPTH_MAX: usize = 32;
    /// The most values of a body: itself, and every object, array, text, number and literal in it. The
    /// largest body has so many if each takes twelve bytes, its name included.
    pub const VALUES_MAX: usize = 500_000;
    /// The most fields of one object, known and unknown.
    pub const FIELDS_MAX: usize = 256;
    /// The longest name of a field.
    pub const FIELD_NAME_LENGTH_MAX: usize = 128;
    /// The most characters, as they are sent, that NFC has work with: those of texts that are not in it, and
    /// combining marks. Normalising them costs more than all else that is done to a body.
    pub const NORMALISED_CHARACTERS_MAX: usize = 300_000;
    /// The longest account, transaction or request id, and idempotency key.
    pub const ID_LENGTH_MAX: usize = crate::text::ID_LENGTH_MAX;
    /// The longest number, as it is written: far more than any that is taken needs.
    pub const NUMBER_LENGTH_MAX: usize = 64;
    /// The longest name of an account or a merchant, and the longest description.
    pub const NAME_LENGTH_MAX: usize = 512;
    /// The longest account type or subtype, payment channel or mask.
    pub const WORD_LENGTH_MAX: usize = 64;
    /// How far ahead of today a date may lie, in days: banks post ahead over a weekend's time zones.
    pub const DAYS_AHEAD_MAX: u64 = 2;
    /// The first day that a transaction may have.
    pub const DATE_MIN: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
}

/// A batch as a client sends it, checked in full.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestRequest {
    /// The accounts that the body brings, each `account_id` once.
    pub accounts: Vec<Account>,
    /// One to [`limits::TRANSACTIONS_MAX`] transactions, each `transaction_id` once.
    pub transactions: Vec<Transaction>,
    /// The client's name for the request, its idempotency key where no header gives one.
    pub request_id: Option<String>,
}

impl IngestRequest {
    /// Reads a body. `now` bounds how far ahead a date may lie.
    ///
    /// # Errors
    /// [`RequestError`]: not JSON at all, or the first hundred faults with their places.
    pub fn parse(body: &[u8], now: DateTime<Utc>) -> Result<Self, RequestError> {
        parse::parse(body, now)
    }
}

/// An account as the bank describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The bank's id, unique within a tenant.
    pub account_id: String,
    /// What its owner calls it.
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
    /// The account that it is booked on.
    pub account_id: String,
    /// How much; negative is money out.
    pub money: Money,
    /// When it was booked; its UTC day is its day in reports.
    pub booked_at: DateTime<Utc>,
    /// The day it was authorised.
    pub authorized_on: Option<NaiveDate>,
    /// The line on the statement.
    pub description: String,
    /// The merchant, where the bank knows it.
    pub merchant_name: Option<String>,
    /// How it was paid, such as `online`.
    pub payment_channel: Option<String>,
    /// Four digits by ISO 18245.
    pub merchant_category_code: Option<String>,
    /// Not posted yet; a later transaction will name it and replace it.
    pub is_pending: bool,
    /// The pending transaction that this one replaces.
    pub pending_transaction_id: Option<String>,
}

/// Why a body is no ingest request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON in UTF-8, or with half of a surrogate pair for a character: where it stops being so.
    #[error("the body is not JSON: at line {line}, column {column}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// JSON, but not a batch: what is wrong, never empty.
    #[error("the body is not a valid batch")]
    Invalid(Vec<Fault>),
}
