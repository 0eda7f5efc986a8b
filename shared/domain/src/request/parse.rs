//! Reads a body in three passes over its text: the request, its objects, their fields. Numbers stay
//! text until they are decimals, and a fault in one object does not hide those of the next.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::fields::{FieldReader, Place, Raw};
use super::limits::{
    ACCOUNTS_MAX, ID_LENGTH_MAX, NAME_LENGTH_MAX, TRANSACTIONS_MAX, WORD_LENGTH_MAX,
};
use super::shape::{self, HalfCharacter};
use super::{Account, IngestRequest, RequestError, Transaction};
use crate::fault::Faults;

#[derive(Deserialize)]
struct RawRequest<'b> {
    #[serde(borrow)]
    accounts: Raw<'b>,
    #[serde(borrow)]
    transactions: Raw<'b>,
    #[serde(borrow)]
    total_transactions: Raw<'b>,
    #[serde(borrow)]
    request_id: Raw<'b>,
}

#[derive(Deserialize)]
struct RawAccount<'b> {
    #[serde(borrow)]
    account_id: Raw<'b>,
    #[serde(borrow)]
    name: Raw<'b>,
    #[serde(borrow, rename = "type")]
    account_type: Raw<'b>,
    #[serde(borrow)]
    subtype: Raw<'b>,
    #[serde(borrow)]
    mask: Raw<'b>,
}

#[derive(Deserialize)]
struct RawTransaction<'b> {
    #[serde(borrow)]
    transaction_id: Raw<'b>,
    #[serde(borrow)]
    account_id: Raw<'b>,
    #[serde(borrow)]
    amount: Raw<'b>,
    #[serde(borrow)]
    iso_currency_code: Raw<'b>,
    #[serde(borrow)]
    date: Raw<'b>,
    #[serde(borrow)]
    authorized_date: Raw<'b>,
    #[serde(borrow)]
    name: Raw<'b>,
    #[serde(borrow)]
    merchant_name: Raw<'b>,
    #[serde(borrow)]
    payment_channel: Raw<'b>,
    #[serde(borrow)]
    merchant_category_code: Raw<'b>,
    #[serde(borrow)]
    pending: Raw<'b>,
    #[serde(borrow)]
    pending_transaction_id: Raw<'b>,
}

pub(super) fn parse(body: &[u8], now: DateTime<Utc>) -> Result<IngestRequest, RequestError> {
    let json = std::str::from_utf8(body)
        .map_err(|error| not_json_at(body.get(..error.valid_up_to()).unwrap_or_default()))?;
    // A byte order mark is no JSON (RFC 8259, section 8.1).
    let whole: &RawValue = serde_json::from_str(json)
        .map_err(|error| RequestError::NotJson { line: error.line(), column: error.column() })?;

    let mut faults = Faults::default();
    shape::check(json, &mut faults)
        .map_err(|HalfCharacter(at)| not_json_at(body.get(..at).unwrap_or_default()))?;
    let request = read_request(whole, now, &mut faults);
    match request {
        Some(request) if faults.is_empty() => Ok(request),
        _ => Err(RequestError::Invalid(faults.into_vec())),
    }
}

/// What is not JSON after these bytes.
fn not_json_at(before: &[u8]) -> RequestError {
    let lines = before.split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(count, _), line| (count + 1, line.len()));
    RequestError::NotJson { line, column }
}

fn read_request(
    whole: &RawValue,
    now: DateTime<Utc>,
    faults: &mut Faults,
) -> Option<IngestRequest> {
    let raw: RawRequest<'_> = read_object(whole, Place::Body, faults)?;
    let mut reader = FieldReader { place: Place::Body, faults, now };

    let request_id = reader.optional_text("request_id", raw.request_id, ID_LENGTH_MAX);
    let total = reader.count("total_transactions", raw.total_transactions);
    let raw_accounts = read_list::<ACCOUNTS_MAX>(&mut reader, "accounts", raw.accounts, 0);
    let raw_transactions =
        read_list::<TRANSACTIONS_MAX>(&mut reader, "transactions", raw.transactions, 1);

    if let (Some(total), Some(sent)) = (total, &raw_transactions)
        && usize::try_from(total) != Ok(sent.len())
    {
        let detail = format!("must equal the number of transactions sent, {}", sent.len());
        reader.fault("total_transactions", detail);
    }

    let accounts = read_all(raw_accounts?, Place::Account, faults, now, read_account);
    let transactions =
        read_all(raw_transactions?, Place::Transaction, faults, now, read_transaction);
    refuse_repeats(&accounts, faults, "account_id", Place::Account, |it| it.account_id.as_str());
    refuse_repeats(&transactions, faults, "transaction_id", Place::Transaction, |it| {
        it.transaction_id.as_str()
    });
    Some(IngestRequest {
        accounts: accounts.into_iter().flatten().collect(),
        transactions: transactions.into_iter().flatten().collect(),
        request_id: request_id?,
    })
}

/// Reads an object's fields as raw JSON; another type is a fault.
fn read_object<'b, T: Deserialize<'b>>(
    raw: &'b RawValue,
    place: Place,
    faults: &mut Faults,
) -> Option<T> {
    if !raw.get().starts_with('{') {
        faults.add(place.to_string(), "must be an object");
        return None;
    }
    // The text is JSON and every field takes any JSON: what is left is a name that stands twice, which the
    // look at the shape has noted.
    serde_json::from_str(raw.get()).ok()
}

/// The elements of an array as raw JSON: how many, and no more of them than may be.
struct Elements<'b, const MAX: usize> {
    count: usize,
    first: Vec<&'b RawValue>,
}

impl<'b, const MAX: usize> Deserialize<'b> for Elements<'b, MAX> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor<const MAX: usize>;

impl<'b, const MAX: usize> Visitor<'b> for ElementsVisitor<MAX> {
    type Value = Elements<'b, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < MAX
            && let Some(element) = sequence.next_element()?
        {
            first.push(element);
        }
        let mut count = first.len();
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { count, first })
    }
}

/// Reads a required array of `count_min` to `MAX` elements.
fn read_list<'b, const MAX: usize>(
    reader: &mut FieldReader<'_>,
    field: &str,
    raw: Raw<'b>,
    count_min: usize,
) -> Option<Vec<&'b RawValue>> {
    let Some(raw) = raw else {
        reader.fault(field, "is required");
        return None;
    };
    let Ok(list) = serde_json::from_str::<Elements<'_, MAX>>(raw.get()) else {
        reader.fault(field, "must be an array");
        return None;
    };
    if !(count_min..=MAX).contains(&list.count) {
        reader.fault(field, format!("must have {count_min} to {MAX} elements"));
        return None;
    }
    Some(list.first)
}

/// Reads every element, `None` for one with faults, until no further fault would be reported.
fn read_all<'b, R: Deserialize<'b>, T>(
    elements: Vec<&'b RawValue>,
    place: fn(usize) -> Place,
    faults: &mut Faults,
    now: DateTime<Utc>,
    read: fn(&mut FieldReader<'_>, &R) -> Option<T>,
) -> Vec<Option<T>> {
    let mut values = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        if faults.is_full() {
            break;
        }
        let place = place(index);
        let raw = read_object(element, place, faults);
        values.push(raw.and_then(|raw| read(&mut FieldReader { place, faults, now }, &raw)));
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
