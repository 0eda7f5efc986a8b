//! Reads a body: is it JSON, is its shape right, and then its fields. Numbers stay text until they are
//! decimals, and a fault in one object does not hide those of the next.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;

use super::fields::{FieldReader, Place, Raw};
use super::limits::{ID_LENGTH_MAX, NAME_LENGTH_MAX, WORD_LENGTH_MAX};
use super::outline::{Elements, Outline, RawAccount, RawTransaction};
use super::shape::{self, HalfCharacter};
use super::{Account, IngestRequest, RequestError, Transaction};
use crate::fault::Faults;

pub(super) fn parse(body: &[u8], now: DateTime<Utc>) -> Result<IngestRequest, RequestError> {
    let json = std::str::from_utf8(body)
        .map_err(|error| not_json_at(body.get(..error.valid_up_to()).unwrap_or_default()))?;
    // A byte order mark is no JSON (RFC 8259, section 8.1).
    serde_json::from_str::<IgnoredAny>(json)
        .map_err(|error| RequestError::NotJson { line: error.line(), column: error.column() })?;

    let mut faults = Faults::default();
    let mut outline = Outline::default();
    let is_whole = shape::walk(json, &mut outline, &mut faults)
        .map_err(|HalfCharacter(at)| not_json_at(body.get(..at).unwrap_or_default()))?;
    let request = if !is_whole {
        // What was not looked at may have what would seem to be missing.
        None
    } else if json.trim_ascii_start().starts_with('{') {
        read_request(outline, now, &mut faults)
    } else {
        faults.add(Place::Body.to_string(), MUST_BE_OBJECT);
        None
    };
    match request {
        Some(request) if faults.is_empty() => Ok(request),
        _ => Err(RequestError::Invalid(faults.into_vec())),
    }
}

const MUST_BE_OBJECT: &str = "must be an object";

/// What is not JSON after these bytes.
fn not_json_at(before: &[u8]) -> RequestError {
    let lines = before.split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(count, _), line| (count + 1, line.len() + 1));
    RequestError::NotJson { line, column }
}

fn read_request(
    outline: Outline<'_>,
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<IngestRequest> {
    let raw = outline.request;
    let mut reader = FieldReader::new(faults, now);

    let request_id = reader.optional_text("request_id", raw.request_id, ID_LENGTH_MAX);
    let total = reader.count("total_transactions", raw.total_transactions);
    let raw_accounts = read_list(&mut reader, "accounts", raw.accounts, outline.accounts, 0);
    let raw_transactions =
        read_list(&mut reader, "transactions", raw.transactions, outline.transactions, 1);

    if let (Some(total), Some(sent)) = (total, &raw_transactions)
        && usize::try_from(total) != Ok(sent.len())
    {
        let detail = format!("must equal the number of transactions sent, {}", sent.len());
        reader.fault("total_transactions", detail);
    }

    let accounts = raw_accounts.map(|raw| read_all(&mut reader, raw, Place::Account, read_account));
    let transactions = raw_transactions
        .map(|raw| read_all(&mut reader, raw, Place::Transaction, read_transaction));
    let known = accounts.as_deref().unwrap_or_default();
    refuse_repeats(known, reader.faults, "account_id", Place::Account, |it| it.account_id.as_str());
    let sent = transactions.as_deref().unwrap_or_default();
    refuse_repeats(sent, reader.faults, "transaction_id", Place::Transaction, |it| {
        it.transaction_id.as_str()
    });
    Some(IngestRequest {
        accounts: accounts?.into_iter().flatten().collect(),
        transactions: transactions?.into_iter().flatten().collect(),
        request_id: request_id?,
    })
}

/// Reads a required array of `count_min` to `MAX` elements.
fn read_list<T, const MAX: usize>(
    reader: &mut FieldReader<'_>,
    field: &str,
    raw: Raw<'_>,
    elements: Elements<T, MAX>,
    count_min: usize,
) -> Option<Vec<Option<T>>> {
    let Some(raw) = raw else {
        reader.fault(field, "is required");
        return None;
    };
    if !raw.starts_with('[') {
        reader.fault(field, "must be an array");
        return None;
    }
    if !(count_min..=MAX).contains(&elements.count) {
        reader.fault(field, format!("must have {count_min} to {MAX} elements"));
        return None;
    }
    Some(elements.first)
}

/// Reads every element, `None` for one with faults, until reading on is in vain.
fn read_all<R, T>(
    reader: &mut FieldReader<'_>,
    elements: Vec<Option<R>>,
    place: fn(usize) -> Place,
    read: fn(&mut FieldReader<'_>, &R) -> Option<T>,
) -> Vec<Option<T>> {
    let mut values = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        if reader.is_done() {
            break;
        }
        reader.place = place(index);
        if element.is_none() {
            reader.faults.add(reader.place.to_string(), MUST_BE_OBJECT);
        }
        values.push(element.and_then(|raw| read(reader, &raw)));
    }
    values
}

// Both read every field before the first `?`, so that each fault of the object is noted.

fn read_account(reader: &mut FieldReader<'_>, raw: &RawAccount<'_>) -> Option<Account> {
    let account_id = reader.text("account_id", raw.account_id, ID_LENGTH_MAX);
    let name = reader.text("name", raw.name, NAME_LENGTH_MAX);
    let account_type = reader.text("type", raw.account_type, WORD_LENGTH_MAX);
    let subtype = reader.optional_text("subtype", raw.subtype, WORD_LENGTH_MAX);
    let mask = reader.optional_text("mask", raw.mask, WORD_LENGTH_MAX);
    Some(Account {
        account_id: account_id?,
        name: name?,
        account_type: account_type?,
        subtype: subtype?,
        mask: mask?,
    })
}

fn read_transaction(reader: &mut FieldReader<'_>, raw: &RawTransaction<'_>) -> Option<Transaction> {
    let transaction_id = reader.text("transaction_id", raw.transaction_id, ID_LENGTH_MAX);
    let account_id = reader.text("account_id", raw.account_id, ID_LENGTH_MAX);
    let currency = reader.currency("iso_currency_code", raw.iso_currency_code);
    let money = reader.money("amount", raw.amount, currency);
    let booked_at = reader.instant("date", raw.date);
    let authorized_on = reader.optional_date("authorized_date", raw.authorized_date);
    let description = reader.text("name", raw.name, NAME_LENGTH_MAX);
    let merchant_name = reader.optional_text("merchant_name", raw.merchant_name, NAME_LENGTH_MAX);
    let payment_channel =
        reader.optional_text("payment_channel", raw.payment_channel, WORD_LENGTH_MAX);
    let merchant_category_code =
        reader.merchant_category_code("merchant_category_code", raw.merchant_category_code);
    let is_pending = reader.flag("pending", raw.pending);
    let pending_transaction_id =
        reader.optional_text("pending_transaction_id", raw.pending_transaction_id, ID_LENGTH_MAX);
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

/// Notes each element whose id stood before.
fn refuse_repeats<'v, T, K: Eq + Hash>(
    values: &'v [Option<T>],
    faults: &mut Faults,
    field: &str,
    place: fn(usize) -> Place,
    id: fn(&'v T) -> K,
) {
    let mut seen = HashSet::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        if value.as_ref().is_some_and(|value| !seen.insert(id(value))) {
            let pointer = format!("{}/{field}", place(index));
            faults.add(pointer, "stands more than once in this batch");
        }
    }
}

#[cfg(test)]
mod tests;
