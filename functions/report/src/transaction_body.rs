//! A transaction and its earlier contents as the API returns them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tributary_domain::categorise::{self, Decision};
use tributary_domain::{Currency, Money};
use tributary_store::transactions::stored::StoredTransaction;
use tributary_store::transactions::{Revision, RevisionContent};
use uuid::Uuid;

/// A transaction with the result of its enrichment.
#[derive(Serialize)]
pub struct TransactionBody {
    transaction_id: String,
    #[serde(flatten)]
    content: Content,
    /// The posted transaction that replaces this pending one. A replaced transaction is in no
    /// total.
    replaced_by: Option<String>,
    revision: i32,
    status: String,
    attempts: i32,
    category: Option<String>,
    personal_finance_category: Option<PersonalFinanceCategory>,
    rule: Option<String>,
    failure_reason: Option<String>,
    batch_id: Uuid,
}

/// An earlier content of a transaction.
#[derive(Serialize)]
pub struct RevisionBody {
    revision: i32,
    batch_id: Uuid,
    replaced_at: DateTime<Utc>,
    #[serde(flatten)]
    content: Content,
}

/// What the bank says about a transaction.
#[derive(Serialize)]
struct Content {
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
    /// When it was removed. A removed transaction is in no total.
    removed_at: Option<DateTime<Utc>>,
}

/// The category in the format of Plaid.
#[derive(Serialize)]
struct PersonalFinanceCategory {
    primary: String,
    detailed: String,
    confidence_level: String,
}

/// Why a transaction has its category.
#[derive(Serialize)]
pub struct Explanation {
    rules_version: String,
    text: String,
}

/// A row with a currency that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("the currency of transaction {0} is unknown")]
pub struct UnknownCurrency(String);

impl TransactionBody {
    /// The body of a stored transaction.
    pub fn of(row: StoredTransaction) -> Result<Self, UnknownCurrency> {
        let personal_finance_category = match (row.primary_code, row.detailed_code, row.confidence)
        {
            (Some(primary), Some(detailed), Some(confidence_level)) => {
                Some(PersonalFinanceCategory { primary, detailed, confidence_level })
            }
            _ => None,
        };
        let content = RevisionContent {
            amount: row.amount,
            currency: row.currency,
            booked_on: row.booked_on,
            booked_at: row.booked_at,
            authorized_on: row.authorized_on,
            description: row.description,
            merchant_name: row.merchant_name,
            payment_channel: row.payment_channel,
            merchant_category_code: row.merchant_category_code,
            bank_category: row.bank_category,
            is_pending: row.is_pending,
            pending_transaction_id: row.pending_transaction_id,
            removed_at: row.removed_at,
        };
        Ok(Self {
            content: Content::of(content, &row.transaction_id)?,
            transaction_id: row.transaction_id,
            replaced_by: row.replaced_by,
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

impl RevisionBody {
    /// The body of a revision of a transaction.
    pub fn of(revision: Revision, transaction_id: &str) -> Result<Self, UnknownCurrency> {
        Ok(Self {
            revision: revision.revision,
            batch_id: revision.batch_id,
            replaced_at: revision.replaced_at,
            content: Content::of(revision.content, transaction_id)?,
        })
    }
}

impl Content {
    fn of(content: RevisionContent, transaction_id: &str) -> Result<Self, UnknownCurrency> {
        let Some(currency) = Currency::from_stored(&content.currency) else {
            return Err(UnknownCurrency(transaction_id.to_owned()));
        };
        Ok(Self {
            amount: Money::new(content.amount, currency),
            iso_currency_code: currency.iso_code().map(|_| currency),
            unofficial_currency_code: currency.unofficial_code().map(|_| currency),
            date: content.booked_on,
            datetime: content.booked_at,
            authorized_date: content.authorized_on,
            name: content.description,
            merchant_name: content.merchant_name,
            payment_channel: content.payment_channel,
            merchant_category_code: content.merchant_category_code,
            bank_category: content.bank_category,
            pending: content.is_pending,
            pending_transaction_id: content.pending_transaction_id,
            removed_at: content.removed_at,
        })
    }
}

impl Explanation {
    /// The explanation of a completed transaction; `None` until then.
    pub fn of(row: &StoredTransaction) -> Option<Self> {
        let text = categorise::explain(Decision {
            rule: row.rule.as_deref()?,
            merchant_category_code: row.merchant_category_code.as_deref(),
            bank_category: row.bank_category.as_deref(),
        });
        Some(Self { rules_version: row.rules_version.clone()?, text })
    }
}
