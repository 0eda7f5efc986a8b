//! What must hold of any bytes that come as the body of a batch.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tributary_domain::{Fault, Faults, IngestRequest, RequestError};

/// It is read without a panic. What is no JSON is none to `serde_json` either, every fault stands where
/// something is or is missing, and a batch is read back from what it says.
pub fn check(body: &[u8]) {
    let now = now();
    let value = serde_json::from_slice::<Value>(body);
    match IngestRequest::parse(body, now) {
        Err(RequestError::NotJson { .. }) => assert!(value.is_err(), "it is JSON: {body:?}"),
        Err(RequestError::Invalid(faults)) => {
            assert!((1..=Faults::REPORTED_MAX).contains(&faults.len()));
            // `serde_json` takes neither the deepest nor the largest numbers for a value.
            if let Ok(value) = value {
                faults.iter().for_each(|fault| assert_is_somewhere(fault, &faults, &value));
            }
        }
        Ok(request) => {
            let again = to_body(&request).to_string();
            assert_eq!(IngestRequest::parse(again.as_bytes(), now).as_ref(), Ok(&request));
        }
    }
}

/// The moment of every check: bodies of other days are made for it.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_762_000_000, 0).unwrap()
}

fn assert_is_somewhere(fault: &Fault, faults: &[Fault], value: &Value) {
    let names_missing_field = || {
        let (object, name) = fault.pointer.rsplit_once('/')?;
        Some(value.pointer(object)?.is_object() && !name.is_empty())
    };
    // Of a field that stands twice `serde_json` keeps the last.
    let in_one_of_two = || {
        faults.iter().any(|other| {
            other.detail.contains("twice")
                && fault.pointer.starts_with(&format!("{}/", other.pointer))
        })
    };
    assert!(
        value.pointer(&fault.pointer).is_some()
            || names_missing_field() == Some(true)
            || in_one_of_two(),
        "{fault:?} is nowhere in {value}"
    );
}

/// Writes a batch as a client would.
pub fn to_body(request: &IngestRequest) -> Value {
    let accounts: Vec<_> = request
        .accounts
        .iter()
        .map(|account| {
            json!({
                "account_id": account.account_id, "name": account.name, "type": account.account_type,
                "subtype": account.subtype, "mask": account.mask,
            })
        })
        .collect();
    let transactions: Vec<_> = request
        .transactions
        .iter()
        .map(|transaction| {
            json!({
                "transaction_id": transaction.transaction_id,
                "account_id": transaction.account_id,
                "amount": transaction.money.amount().to_string(),
                "iso_currency_code": transaction.money.currency().code(),
                "date": transaction.booked_at.to_rfc3339_opts(SecondsFormat::Nanos, true),
                "authorized_date": transaction.authorized_on.map(|day| day.to_string()),
                "name": transaction.description,
                "merchant_name": transaction.merchant_name,
                "payment_channel": transaction.payment_channel,
                "merchant_category_code": transaction.merchant_category_code,
                "pending": transaction.is_pending,
                "pending_transaction_id": transaction.pending_transaction_id,
            })
        })
        .collect();
    let total = transactions.len();
    json!({
        "accounts": accounts, "transactions": transactions, "total_transactions": total,
        "request_id": request.request_id,
    })
}
