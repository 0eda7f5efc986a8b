//! Parses a body: bytes to raw JSON fields ([`RawRequest`]), fields to values ([`FieldReader`]).
//! [`plain`] and [`plaid`] are the two formats.
//!
//! A fault in one object does not hide the faults of the next.

mod plaid;
mod plain;

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::fields::FieldReader;
use super::json::{Reader, Stop, not_json_at};
use super::limits::{NAME_LENGTH_MAX, WORD_LENGTH_MAX};
use super::place::Place;
use super::progress::Progress;
use super::raw::{RawAccount, RawArray, RawObject, RawRemoval, RawRequest};
use super::{Account, Format, IngestRequest, Removal, RequestError, Transaction};
use crate::fault::{FaultCode, Faults};

pub fn parse(
    body: &[u8],
    format: Format,
    now: DateTime<Utc>,
) -> Result<IngestRequest, RequestError> {
    read_body(body, RawRequest::read, |raw, faults| {
        let progress = &mut Progress::new(faults, now);
        match format {
            Format::Plain => plain::read_request(raw, progress),
            Format::Plaid => plaid::read_request(raw, progress),
        }
    })
}

/// Parses a body: `read_raw` reads its JSON, and `read` the values.
pub fn read_body<'b, R, T>(
    body: &'b [u8],
    read_raw: impl FnOnce(&mut Reader<'b, '_>) -> Result<Option<R>, Stop>,
    read: impl FnOnce(R, &mut Faults) -> Option<T>,
) -> Result<T, RequestError> {
    let mut faults = Faults::default();
    let raw = read_raw(&mut Reader::new(body, &mut faults)?);
    let request = match raw {
        Ok(Some(raw)) => read(raw, &mut faults),
        Ok(None) => {
            faults.at(Place::Body.to_string(), FaultCode::WrongType, MUST_BE_OBJECT);
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

/// The elements of an array of at most `count_max`; none if it is missing.
fn optional_array<T>(
    name: &'static str,
    array: RawArray<T>,
    count_max: usize,
    faults: &mut Faults,
) -> Option<Vec<Option<T>>> {
    match array {
        RawArray::Missing => Some(Vec::new()),
        RawArray::NotArray => {
            faults.at(Place::Body.field(name), FaultCode::WrongType, "must be an array");
            None
        }
        RawArray::Elements(count, elements) if count <= count_max => Some(elements),
        RawArray::Elements(..) => {
            let detail = format!("must have at most {count_max} elements");
            faults.at(Place::Body.field(name), FaultCode::WrongCount, detail);
            None
        }
    }
}

/// A value of an array element, `None` if it has faults, and its place.
type Placed<T> = (Place, Option<T>);

/// Reads the elements of an array until [`Progress::is_done`].
fn read_all<T, const N: usize>(
    array: &'static str,
    elements: Vec<Option<RawObject<'_, N>>>,
    read: impl Fn(&mut FieldReader<'_, '_>) -> Option<T>,
    progress: &mut Progress<'_>,
) -> Vec<Placed<T>> {
    let mut values = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        if progress.is_done() {
            break;
        }
        let place = Place::Element(array, index);
        let value = match element {
            Some(object) => read(&mut FieldReader::new(place, &object, progress)),
            None => {
                progress.faults.at(place.to_string(), FaultCode::WrongType, MUST_BE_OBJECT);
                None
            }
        };
        values.push((place, value));
    }
    values
}

/// Reads `accounts`. `read` completes each account from the fields of its format.
fn read_accounts(
    elements: Vec<Option<RawAccount<'_>>>,
    read: impl Fn(Account, &mut FieldReader<'_, '_>) -> Option<Account>,
    progress: &mut Progress<'_>,
) -> Vec<Account> {
    let read = |reader: &mut FieldReader<'_, '_>| read(read_account(reader)?, reader);
    let accounts = read_all("accounts", elements, read, progress);
    reject_repeats(&accounts, "account_id", |it| &it.account_id, progress.faults);
    accounts.into_iter().filter_map(|(_, account)| account).collect()
}

// Each function reads every field before the first `?`, so that every fault is reported.

fn read_account(reader: &mut FieldReader<'_, '_>) -> Option<Account> {
    let account_id = reader.id("account_id");
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
        balances: None,
    })
}

/// Reads the fields that both formats share. The money of Plaid still has Plaid's sign.
fn read_transaction(reader: &mut FieldReader<'_, '_>) -> Option<Transaction> {
    let transaction_id = reader.id("transaction_id");
    let account_id = reader.id("account_id");
    let currency = reader.currency("iso_currency_code", "unofficial_currency_code");
    let money = reader.money("amount", currency);
    let booking_date = reader.booking_date("date");
    let authorized_on = reader.optional_date("authorized_date");
    let name = reader.optional_text("name", NAME_LENGTH_MAX);
    let merchant_name = reader.optional_text("merchant_name", NAME_LENGTH_MAX);
    let payment_channel = reader.optional_text("payment_channel", WORD_LENGTH_MAX);
    let merchant_category_code = read_merchant_category_code(reader);
    let is_pending = reader.flag("pending");
    let pending_transaction_id = reader.optional_id("pending_transaction_id");
    if let (Some(None), Some(None)) = (&name, &merchant_name) {
        reader.fault("name", FaultCode::Required, "is required without merchant_name");
    }
    if let (Some(own), Some(Some(replaced))) = (&transaction_id, &pending_transaction_id)
        && own == replaced
    {
        let detail = "must not be the transaction's own id";
        reader.fault("pending_transaction_id", FaultCode::Contradiction, detail);
    }
    if let (Some(true), Some(Some(_))) = (is_pending, &pending_transaction_id) {
        let detail = "must not be set on a pending transaction";
        reader.fault("pending_transaction_id", FaultCode::Contradiction, detail);
    }
    let (booked_on, booked_at) = booking_date?;
    let merchant_name = merchant_name?;
    Some(Transaction {
        transaction_id: transaction_id?,
        account_id: account_id?,
        money: money?,
        booked_on,
        booked_at,
        authorized_on: authorized_on?,
        description: name?.or_else(|| merchant_name.clone())?,
        merchant_name,
        payment_channel: payment_channel?,
        merchant_category_code: merchant_category_code?,
        bank_category: None,
        is_pending: is_pending?,
        pending_transaction_id: pending_transaction_id?,
    })
}

/// The merchant category code by either of its names.
fn read_merchant_category_code(reader: &mut FieldReader<'_, '_>) -> Option<Option<String>> {
    let code = reader.merchant_category_code("merchant_category_code");
    let alias = reader.merchant_category_code("mcc");
    let (code, alias) = (code?, alias?);
    if let (Some(code), Some(alias)) = (&code, &alias)
        && code != alias
    {
        reader.fault("mcc", FaultCode::Contradiction, "must equal merchant_category_code");
        return None;
    }
    Some(code.or(alias))
}

fn read_removal(reader: &mut FieldReader<'_, '_>) -> Option<Removal> {
    let transaction_id = reader.id("transaction_id");
    let account_id = reader.optional_id("account_id");
    Some(Removal { transaction_id: transaction_id?, account_id: account_id? })
}

fn read_removals(
    elements: Vec<Option<RawRemoval<'_>>>,
    progress: &mut Progress<'_>,
) -> Vec<Placed<Removal>> {
    read_all("removed", elements, read_removal, progress)
}

/// Reports each element whose id an earlier element has.
fn reject_repeats<T>(values: &[Placed<T>], field: &str, id: fn(&T) -> &str, faults: &mut Faults) {
    let mut seen = HashSet::with_capacity(values.len());
    for (place, value) in values {
        if value.as_ref().is_some_and(|value| !seen.insert(id(value))) {
            let detail = "appears more than once in this batch";
            faults.at(place.field(field), FaultCode::Duplicate, detail);
        }
    }
}

#[cfg(test)]
mod tests;
