//! Compares stored content with sent content, field by field.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tributary_domain::Transaction;
use tributary_store::check::stored::{StoredRevision, StoredTransaction};

/// Whether a row has the content sent.
pub fn is_of(row: &StoredTransaction, sent: &Transaction) -> bool {
    (
        &row.account_id,
        row.amount,
        row.currency.as_str(),
        row.booked_on,
        row.booked_at,
        row.authorized_on,
        (&row.description, &row.merchant_name, &row.payment_channel),
        (&row.merchant_category_code, &row.bank_category),
        row.is_pending,
        &row.pending_transaction_id,
    ) == (
        &sent.account_id,
        sent.money.amount(),
        sent.money.currency().code(),
        sent.booked_on,
        sent.booked_at,
        sent.authorized_on,
        (&sent.description, &sent.merchant_name, &sent.payment_channel),
        (&sent.merchant_category_code, &sent.bank_category),
        sent.is_pending,
        &sent.pending_transaction_id,
    )
}

/// Whether a revision has the content sent.
pub fn is_of_revision(revision: &StoredRevision, sent: &Transaction) -> bool {
    let content = &revision.content;
    let is = |field: &str, sent: Option<&str>| content[field].as_str() == sent;
    let booked_at: Option<DateTime<Utc>> =
        content["booked_at"].as_str().and_then(|text| text.parse().ok());
    revision.amount == sent.money.amount()
        && booked_at == sent.booked_at
        && is("booked_on", Some(&sent.booked_on.to_string()))
        && content["is_pending"] == Value::Bool(sent.is_pending)
        && is("account_id", Some(&sent.account_id))
        && is("currency", Some(sent.money.currency().code()))
        && is("authorized_on", sent.authorized_on.map(|day| day.to_string()).as_deref())
        && is("description", Some(&sent.description))
        && is("merchant_name", sent.merchant_name.as_deref())
        && is("payment_channel", sent.payment_channel.as_deref())
        && is("merchant_category_code", sent.merchant_category_code.as_deref())
        && is("bank_category", sent.bank_category.as_deref())
        && is("pending_transaction_id", sent.pending_transaction_id.as_deref())
}
