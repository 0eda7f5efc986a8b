//! Transactions in responses.

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Amount;
use crate::text_enum::text_enum;

/// A transaction with the results of its enrichment.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// The bank's id.
    pub transaction_id: String,
    /// Negative is money out.
    pub amount: Amount,
    /// A code of ISO 4217. Exactly one of the two codes is set.
    pub iso_currency_code: Option<String>,
    /// The code of a currency that ISO 4217 does not have.
    pub unofficial_currency_code: Option<String>,
    /// The booking day, as the bank wrote it.
    pub date: NaiveDate,
    /// When it was booked, if the bank gave a time.
    pub datetime: Option<DateTime<Utc>>,
    /// The day it was authorised.
    pub authorized_date: Option<NaiveDate>,
    /// The line on the statement.
    pub name: String,
    /// The merchant, if the bank knows it.
    pub merchant_name: Option<String>,
    /// How it was paid.
    pub payment_channel: Option<String>,
    /// Four digits by ISO 18245.
    pub merchant_category_code: Option<String>,
    /// The category that the aggregator gave it.
    pub bank_category: Option<String>,
    /// Not posted yet.
    pub pending: bool,
    /// The pending transaction that this posted one replaces.
    pub pending_transaction_id: Option<String>,
    /// The posted transaction that replaces this pending one, which then counts in no report.
    pub replaced_by: Option<String>,
    /// When it was removed; it then counts in no report.
    pub removed_at: Option<DateTime<Utc>>,
    /// Starts at 1 and grows with each change of the content.
    pub revision: u32,
    /// The status of its enrichment.
    pub status: TransactionStatus,
    /// The number of attempts to enrich it; 0 until it is completed or failed.
    pub attempts: u32,
    /// `None` until it is completed.
    pub category: Option<Category>,
    /// `None` until it is completed.
    pub personal_finance_category: Option<PersonalFinanceCategory>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Why it failed, if it did.
    pub failure_reason: Option<String>,
    /// The batch that provided its content.
    pub batch_id: Uuid,
}

text_enum! {
    /// The status of a transaction: it ends completed or failed.
    TransactionStatus {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
    }
}

text_enum! {
    /// The purpose of a transaction.
    Category {
        Shopping = "Shopping",
        Income = "Income",
        Transport = "Transport",
        Software = "Software",
        Food = "Food",
        Travel = "Travel",
        Entertainment = "Entertainment",
        Utilities = "Utilities",
        Health = "Health",
        Personal = "Personal",
        Housing = "Housing",
        Home = "Home",
        Fees = "Fees",
        Loans = "Loans",
        Transfers = "Transfers",
        Government = "Government",
        Nonprofit = "Nonprofit",
        Education = "Education",
        Services = "Services",
        Other = "Other",
    }
}

/// The category in Plaid's personal finance taxonomy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PersonalFinanceCategory {
    /// The primary category.
    pub primary: String,
    /// The detailed category, which begins with `primary`.
    pub detailed: String,
    /// How certain the category is.
    pub confidence_level: Confidence,
}

text_enum! {
    /// How certain a category is.
    Confidence { Low = "LOW", Medium = "MEDIUM", High = "HIGH", VeryHigh = "VERY_HIGH" }
}

/// A page of the transactions of an account, newest first.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TransactionPage {
    /// The account.
    pub account_id: String,
    /// The transactions.
    pub transactions: Vec<Transaction>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// The cursor of the next page; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// A transaction with its earlier contents.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransactionDetails {
    /// The account.
    pub account_id: String,
    /// The transaction.
    pub transaction: Transaction,
    /// Why it has its category; `None` until it is completed.
    pub explanation: Option<Explanation>,
    /// The last 100 earlier contents, newest first.
    pub revisions: Vec<Revision>,
}

impl<'de> Deserialize<'de> for TransactionDetails {
    // Without `flatten`, through which numbers are floats.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Details {
            account_id: String,
            explanation: Option<Explanation>,
            revisions: Vec<Revision>,
        }
        let raw = Box::<RawValue>::deserialize(from)?;
        let transaction = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let Details { account_id, explanation, revisions } =
            serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { account_id, transaction, explanation, revisions })
    }
}

/// Why a transaction has its category.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The version of the rules that decided.
    pub rules_version: String,
    /// One sentence for people. Its wording may change.
    pub text: String,
}

/// A content of a transaction that a later one has replaced.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Revision {
    /// Its number, from 1.
    pub revision: u32,
    /// The batch that provided this content.
    pub batch_id: Uuid,
    /// When it was replaced.
    pub replaced_at: DateTime<Utc>,
    /// Negative is money out.
    pub amount: Amount,
    /// A code of ISO 4217. Exactly one of the two codes is set.
    pub iso_currency_code: Option<String>,
    /// The code of a currency that ISO 4217 does not have.
    pub unofficial_currency_code: Option<String>,
    /// The booking day, as the bank wrote it.
    pub date: NaiveDate,
    /// When it was booked, if the bank gave a time.
    pub datetime: Option<DateTime<Utc>>,
    /// The day it was authorised.
    pub authorized_date: Option<NaiveDate>,
    /// The line on the statement.
    pub name: String,
    /// The merchant, if the bank knows it.
    pub merchant_name: Option<String>,
    /// How it was paid.
    pub payment_channel: Option<String>,
    /// Four digits by ISO 18245.
    pub merchant_category_code: Option<String>,
    /// The category that the aggregator gave it.
    pub bank_category: Option<String>,
    /// Not posted yet.
    pub pending: bool,
    /// The pending transaction that this posted one replaces.
    pub pending_transaction_id: Option<String>,
    /// When it was removed, if it was when the next content came.
    pub removed_at: Option<DateTime<Utc>>,
}
