//! Parses a body: bytes to raw JSON fields ([`RawRequest`]), fields to values ([`FieldReader`]).
//!
//! A fault in one object does not hide the faults of the next.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::fields::{FieldReader, Place, Progress};
use super::json::{Reader, Stop, not_json_at};
use super::limits::{
    ACCOUNTS_MAX, ID_LENGTH_MAX, NAME_LENGTH_MAX, TRANSACTIONS_MAX, WORD_LENGTH_MAX,
};
use super::raw::{RawArray, RawObject, RawRequest};
use super::{Account, IngestRequest, RequestError, Transaction};
use crate::fault::Faults;

pub fn parse(body: &[u8], now: DateTime<Utc>) -> Result<IngestRequest, RequestError> {
    let mut faults = Faults::default();
    let raw = RawRequest::read(&mut Reader::new(body, &mut faults)?);
    let request = match raw {
        Ok(Some(raw)) => read_request(raw, &mut Progress::new(&mut faults, now)),
        Ok(None) => {
            faults.add(Place::Body.to_string(), MUST_BE_OBJECT);
            None
        }
        Err(Stop::LoneSurrogate(offset)) => return Err(not_json_at(body, offset)),
        // A field that seems to be missing may be in the part that was not read.
        Err(Stop::Limit) => None,
    };
    match request {
        Some(request) if faults.is_empty() => Ok(request),
        _ => Err(RequestError::Invalid(faults.into_vec())),
    }
}

const MUST_BE_OBJECT: &str = "must be an object";

fn read_request(raw: RawRequest<'_>, progress: &mut Progress<'_>) -> Option<IngestRequest> {
    let mut reader = FieldReader::new(Place::Body, &raw.fields, progress);
    let request_id = reader.optional_text("request_id", ID_LENGTH_MAX);
    let total = reader.count("total_transactions");
    let raw_accounts = check_array(&mut reader, "accounts", raw.accounts, 0, ACCOUNTS_MAX);
    let raw_transactions =
        check_array(&mut reader, "transactions", raw.transactions, 1, TRANSACTIONS_MAX);
    if let (Some(total), Some(sent)) = (total, &raw_transactions)
        && usize::try_from(total) != Ok(sent.len())
    {
        let detail = format!("must equal the number of transactions sent, {}", sent.len());
        reader.fault("total_transactions", detail);
    }

    let accounts = raw_accounts.map(|raw| read_all(raw, Place::Account, read_account, progress));
    let transactions =
        raw_transactions.map(|raw| read_all(raw, Place::Transaction, read_transaction, progress));
    let faults = &mut *progress.faults;
    let known = accounts.as_deref().unwrap_or_default();
    reject_repeats(known, "account_id", Place::Account, |it| &it.account_id, faults);
    let sent = transactions.as_deref().unwrap_or_default();
    reject_repeats(sent, "transaction_id", Place::Transaction, |it| &it.transaction_id, faults);
    Some(IngestRequest {
        accounts: accounts?.into_iter().flatten().collect(),
        transactions: transactions?.into_iter().flatten().collect(),
        request_id: request_id?,
    })
}

/// The elements of a required array, if there are `count_min` to `count_max` of them.
fn check_array<T>(
    reader: &mut FieldReader<'_, '_>,
    field: &str,
    array: RawArray<T>,
    count_min: usize,
    count_max: usize,
) -> Option<Vec<Option<T>>> {
    let detail = match array {
        RawArray::Missing => "is required".to_owned(),
        RawArray::NotArray => "must be an array".to_owned(),
        RawArray::Elements(count, elements) if (count_min..=count_max).contains(&count) => {
            return Some(elements);
        }
        RawArray::Elements(..) => format!("must have {count_min} to {count_max} elements"),
    };
    reader.fault(field, detail);
    None
}

/// Reads the elements until [`Progress::is_done`]; `None` for each that has faults.
fn read_all<T, const N: usize>(
    elements: Vec<Option<RawObject<'_, N>>>,
    place: fn(usize) -> Place,
    read: fn(&mut FieldReader<'_, '_>) -> Option<T>,
    progress: &mut Progress<'_>,
) -> Vec<Option<T>> {
    let mut values = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        if progress.is_done() {
            break;
        }
        let Some(object) = element else {
            progress.faults.add(place(index).to_string(), MUST_BE_OBJECT);
            values.push(None);
            continue;
        };
        values.push(read(&mut FieldReader::new(place(index), &object, progress)));
    }
    values
}

// Both functions read every field before the first `?`, so that every fault is reported.

fn read_account(reader: &mut FieldReader<'_, '_>) -> Option<Account> {
    let account_id = reader.text("account_id", ID_LENGTH_MAX);
    let name = reader.text("name", NAME_LENGTH_MAX);
    let account_type = reader.text("type", WORD_LENGTH_MAX);
    let subtype = reader.optional_text("subtype", WORD_LENGTH_MAX);
    let mask = reader.optional_text("mask", WORD_LENGTH_MAX);
    Some(Account {
        account_id: account_id?,
        name: name?,
        account_type: account_type?,
        subtype: subtype?,
        mask: mask?,
    })
}

fn read_transaction(reader: &mut FieldReader<'_, '_>) -> Option<Transaction> {
    let transaction_id = reader.text("transaction_id", ID_LENGTH_MAX);
    let account_id = reader.text("account_id", ID_LENGTH_MAX);
    let currency = reader.currency("iso_currency_code", "unofficial_currency_code");
    let money = reader.money("amount", currency);
    let booked_at = reader.instant("date");
    let authorized_on = reader.optional_date("authorized_date");
    let description = reader.text("name", NAME_LENGTH_MAX);
    let merchant_name = reader.optional_text("merchant_name", NAME_LENGTH_MAX);
    let payment_channel = reader.optional_text("payment_channel", WORD_LENGTH_MAX);
    let merchant_category_code = reader.merchant_category_code("merchant_category_code");
    let is_pending = reader.flag("pending");
    let pending_transaction_id = reader.optional_text("pending_transaction_id", ID_LENGTH_MAX);
    if let (Some(own), Some(Some(replaced))) = (&transaction_id, &pending_transaction_id)
        && own == replaced
    {
        reader.fault("pending_transaction_id", "must not be the transaction's own id");
    }
    if let (Some(true), Some(Some(_))) = (is_pending, &pending_transaction_id) {
        reader.fault("pending_transaction_id", "must not be set on a pending transaction");
    }
    Some(Transaction {
        transaction_id: transaction_id?,
        account_id: account_id?,
        money: money?,
        booked_at: booked_at?,
        authorized_on: authorized_on?,
        description: description?,
        merchant_name: merchant_name?,
        payment_channel: payment_channel?,
        merchant_category_code: merchant_category_code?,
        is_pending: is_pending?,
        pending_transaction_id: pending_transaction_id?,
    })
}

/// Reports each element whose id an earlier element has.
fn reject_repeats<T>(
    values: &[Option<T>],
    field: &str,
    place: fn(usize) -> Place,
    id: fn(&T) -> &str,
    faults: &mut Faults,
) {
    let mut seen = HashSet::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        if value.as_ref().is_some_and(|value| !seen.insert(id(value))) {
            let pointer = format!("{}/{field}", place(index));
            faults.add(pointer, "appears more than once in this batch");
        }
    }
}

#[cfg(test)]
mod tests;
