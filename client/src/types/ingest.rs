//! A batch as a client sends it.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A batch of 1 to 10,000 transactions and removals together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBatch {
    /// The accounts, each once. Known ones may be omitted.
    pub accounts: Vec<NewAccount>,
    /// The transactions, each once.
    pub transactions: Vec<NewTransaction>,
    /// The transactions that the bank has withdrawn.
    #[serde(default)]
    pub removed: Vec<Removal>,
    /// The number of transactions, without removals. The API compares it.
    pub total_transactions: usize,
    /// The idempotency key, if it is not a header.
    #[serde(default)]
    pub request_id: Option<String>,
}

impl NewBatch {
    /// A batch of these transactions, of known accounts.
    #[must_use]
    pub fn of(transactions: Vec<NewTransaction>) -> Self {
        Self { total_transactions: transactions.len(), transactions, ..Self::default() }
    }
}

/// An account as the bank describes it. A known account is updated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAccount {
    /// The bank's id.
    pub account_id: String,
    /// The owner's name for it.
    pub name: String,
    /// Plaid's account type, such as `depository`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Plaid's account subtype, such as `checking`.
    #[serde(default)]
    pub subtype: Option<String>,
    /// The last characters of the account number.
    #[serde(default)]
    pub mask: Option<String>,
}

impl NewAccount {
    /// An account without optional fields.
    #[must_use]
    pub fn new(account_id: &str, name: &str, kind: &str) -> Self {
        let [account_id, name, kind] = [account_id, name, kind].map(str::to_owned);
        Self { account_id, name, kind, subtype: None, mask: None }
    }
}

/// A transaction as the bank describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTransaction {
    /// The bank's id, unique within the tenant.
    pub transaction_id: String,
    /// The account it is booked on.
    pub account_id: String,
    /// Negative is money out. At most as many decimals as its currency has.
    #[serde(serialize_with = "as_text", deserialize_with = "from_number_or_text")]
    pub amount: Decimal,
    /// A code of ISO 4217. Exactly one of the two codes is set.
    #[serde(default)]
    pub iso_currency_code: Option<String>,
    /// The code of a currency that ISO 4217 does not have.
    #[serde(default)]
    pub unofficial_currency_code: Option<String>,
    /// When it was booked.
    pub date: BookingDate,
    /// The day it was authorised.
    #[serde(default)]
    pub authorized_date: Option<NaiveDate>,
    /// The line on the statement. It may be missing where `merchant_name` is set.
    #[serde(default)]
    pub name: Option<String>,
    /// The merchant, if the bank knows it.
    #[serde(default)]
    pub merchant_name: Option<String>,
    /// How it was paid, such as `online`.
    #[serde(default)]
    pub payment_channel: Option<String>,
    /// Four digits by ISO 18245.
    #[serde(default)]
    pub merchant_category_code: Option<String>,
    /// Not posted yet.
    #[serde(default)]
    pub pending: bool,
    /// The pending transaction of the same account that this posted one replaces.
    #[serde(default)]
    pub pending_transaction_id: Option<String>,
}

impl NewTransaction {
    /// A posted transaction without optional fields.
    #[must_use]
    pub fn new(
        transaction_id: &str,
        account_id: &str,
        amount: Decimal,
        currency: Currency,
        date: impl Into<BookingDate>,
        name: &str,
    ) -> Self {
        let (iso_currency_code, unofficial_currency_code) = match currency {
            Currency::Iso(code) => (Some(code), None),
            Currency::Unofficial(code) => (None, Some(code)),
        };
        Self {
            transaction_id: transaction_id.to_owned(),
            account_id: account_id.to_owned(),
            amount,
            iso_currency_code,
            unofficial_currency_code,
            date: date.into(),
            authorized_date: None,
            name: Some(name.to_owned()),
            merchant_name: None,
            payment_channel: None,
            merchant_category_code: None,
            pending: false,
            pending_transaction_id: None,
        }
    }
}

/// A string, since a number of `serde_json` would be a float. The API reads both.
fn as_text<S: Serializer>(amount: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}

fn from_number_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    Decimal::from_str_exact(raw.get().trim_matches('"')).map_err(D::Error::custom)
}

/// The currency of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Currency {
    /// A code of ISO 4217, such as `USD`.
    Iso(String),
    /// A code that ISO 4217 does not have, such as `BTC`.
    Unofficial(String),
}

/// When a transaction was booked. The booking day is the day as written, whatever the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BookingDate {
    /// A day.
    Day(NaiveDate),
    /// A time, with the offset in which the day is.
    Time(DateTime<FixedOffset>),
}

impl From<NaiveDate> for BookingDate {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<DateTime<FixedOffset>> for BookingDate {
    fn from(time: DateTime<FixedOffset>) -> Self {
        Self::Time(time)
    }
}

impl From<DateTime<Utc>> for BookingDate {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time.fixed_offset())
    }
}

/// A transaction that the bank has withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The bank's id. An unknown one has no effect.
    pub transaction_id: String,
    /// Its account. Another one than that of the stored transaction is rejected.
    #[serde(default)]
    pub account_id: Option<String>,
}
