//! Properties of the parser of ingest requests.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};
use tributary_domain::{
    Fault, FaultCode, Faults, Format, IngestRequest, RequestError, Transaction,
};

/// Parsing does not panic. `serde_json` also rejects each body that is rejected as invalid JSON,
/// every fault points to a value or a missing field, and a batch survives a round trip.
pub fn check(body: &[u8]) {
    let now = now();
    let value = serde_json::from_slice::<Value>(body);
    match IngestRequest::parse(body, Format::Plain, now) {
        Err(RequestError::NotJson { .. }) => assert!(value.is_err(), "it is JSON: {body:?}"),
        Err(RequestError::Invalid(faults)) => {
            assert!((1..=Faults::REPORTED_MAX).contains(&faults.len()));
            // `serde_json` rejects deep nesting and large numbers when it builds a value.
            if let Ok(value) = value {
                faults.iter().for_each(|fault| assert_points_into(fault, &faults, &value));
            }
        }
        Ok(request) => {
            let again = to_body(&request).to_string();
            assert_eq!(
                IngestRequest::parse(again.as_bytes(), Format::Plain, now).as_ref(),
                Ok(&request)
            );
        }
    }
}

/// Parsing a body of Plaid does not panic, and every fault points to a value or a missing field.
pub fn check_plaid(body: &[u8]) {
    let Err(RequestError::Invalid(faults)) = IngestRequest::parse(body, Format::Plaid, now())
    else {
        return;
    };
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        faults.iter().for_each(|fault| assert_points_into(fault, &faults, &value));
    }
}

/// The time of every check; the fuzzing corpus depends on it.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_762_000_000, 0).unwrap()
}

fn assert_points_into(fault: &Fault, faults: &[Fault], value: &Value) {
    let pointer = fault.place.as_str();
    let names_missing_field = || {
        let (object, name) = pointer.rsplit_once('/')?;
        Some(value.pointer(object)?.is_object() && !name.is_empty())
    };
    // `serde_json` keeps the last of repeated fields.
    let is_in_repeated_field = || {
        faults.iter().any(|other| {
            other.code == FaultCode::RepeatedField
                && pointer.starts_with(&format!("{}/", other.place.as_str()))
        })
    };
    assert!(
        value.pointer(pointer).is_some()
            || names_missing_field() == Some(true)
            || is_in_repeated_field(),
        "{fault:?} points to nothing in {value}"
    );
}

/// Writes a batch as a client would.
pub fn to_body(request: &IngestRequest) -> Value {
    let accounts: Vec<_> = request
        .accounts
        .iter()
        .map(|account| {
            json!({
                "account_id": account.account_id,
                "name": account.name,
                "type": account.account_type,
                "subtype": account.subtype,
                "mask": account.mask,
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
                "iso_currency_code": transaction.money.currency().iso_code(),
                "unofficial_currency_code": transaction.money.currency().unofficial_code(),
                "date": date_of(transaction),
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
    let removed: Vec<_> = request
        .removals
        .iter()
        .map(|it| json!({"transaction_id": it.transaction_id, "account_id": it.account_id}))
        .collect();
    let total = transactions.len();
    json!({
        "accounts": accounts, "transactions": transactions, "removed": removed,
        "total_transactions": total,
        "request_id": request.request_id,
    })
}

/// The date with an offset that gives the day and the instant.
fn date_of(transaction: &Transaction) -> String {
    let Some(instant) = transaction.booked_at else { return transaction.booked_on.to_string() };
    let is_of_the_day =
        |offset: &FixedOffset| instant.with_timezone(offset).date_naive() == transaction.booked_on;
    let mut offsets = (-1_439..=1_439).filter_map(|minutes| FixedOffset::east_opt(minutes * 60));
    let offset = offsets.find(is_of_the_day).unwrap();
    instant.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Nanos, true)
}
