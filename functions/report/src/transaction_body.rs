//! A transaction as the API returns it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tributary_domain::{Currency, Money};
use tributary_store::transactions::stored::StoredTransaction;
use uuid::Uuid;

/// A transaction with the result of its enrichment.
#[derive(Serialize)]
pub struct TransactionBody {
    transaction_id: String,
    amount: Money,
    /// Exactly one of the two codes is present.
    iso_currency_code: Option<Currency>,
    unofficial_currency_code: Option<Currency>,
    /// The booking day, as the bank wrote it.
    date: NaiveDate,
    /// The time of booking, if the bank gave one.
    datetime: Option<DateTime<Utc>>,
    authorized_date: Option<NaiveDate>,
    name: String,
    merchant_name: Option<String>,
    payment_channel: Option<String>,
    merchant_category_code: Option<String>,
    /// The category that the aggregator gave it.
    bank_category: Option<String>,
    pending: bool,
    pending_transaction_id: Option<String>,
    /// The posted transaction that replaces this pending one. A replaced transaction is in no
    /// total.
    replaced_by: Option<String>,
    /// When it was removed. A removed transaction is in no total.
    removed_at: Option<DateTime<Utc>>,
    revision: i32,
    status: String,
    attempts: i32,
    category: Option<String>,
    personal_finance_category: Option<PersonalFinanceCategory>,
    rule: Option<String>,
    failure_reason: Option<String>,
    batch_id: Uuid,
}

/// The category in the format of Plaid.
#[derive(Serialize)]
struct PersonalFinanceCategory {
    primary: String,
    detailed: String,
    confidence_level: String,
}

/// A row with a currency that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("the currency of transaction {0} is unknown")]
pub struct UnknownCurrency(String);

impl UnknownCurrency {
    /// The error for a transaction.
    pub fn of(transaction_id: &str) -> Self {
        Self(transaction_id.to_owned())
    }
}

impl TransactionBody {
    /// The body of a stored transaction.
    pub fn of(row: StoredTransaction) -> Result<Self, UnknownCurrency> {
        let Some(currency) = Currency::from_stored(&row.currency) else {
            return Err(UnknownCurrency(row.transaction_id));
        };
        let personal_finance_category = match (row.primary_code, row.detailed_code, row.confidence)
        {
            (Some(primary), Some(detailed), Some(confidence_level)) => {
                Some(PersonalFinanceCategory { primary, detailed, confidence_level })
            }
            _ => None,
        };
        Ok(Self {
            transaction_id: row.transaction_id,
            amount: Money::new(row.amount, currency),
            iso_currency_code: currency.iso_code().map(|_| currency),
            unofficial_currency_code: currency.unofficial_code().map(|_| currency),
            date: row.booked_on,
            datetime: row.booked_at,
            authorized_date: row.authorized_on,
            name: row.description,
            merchant_name: row.merchant_name,
            payment_channel: row.payment_channel,
            merchant_category_code: row.merchant_category_code,
            bank_category: row.bank_category,
            pending: row.is_pending,
            pending_transaction_id: row.pending_transaction_id,
            replaced_by: row.replaced_by,
            removed_at: row.removed_at,
            revision: row.revision,
            status: row.status,
            attempts: row.attempts,
            category: row.category,
            personal_finance_category,
            rule: row.rule,
            failure_reason: row.failure_reason,
            batch_id: row.batch_id,
        })
    }
}
