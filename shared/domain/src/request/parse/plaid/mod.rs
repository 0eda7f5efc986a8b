//! The responses of Plaid's `/transactions/get` and `/transactions/sync`, and the webhook
//! `TRANSACTIONS_REMOVED`, as they stand: <https://plaid.com/docs/api/products/transactions/>.
//!
//! Positive amounts of Plaid are money out. `total_transactions` counts those of all pages, and
//! `request_id` is Plaid's own: neither is used. Of a transaction that appears several times the
//! last one counts, in the order `transactions`, `added`, `modified`; `removed` has precedence.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Placed, optional_array, read_accounts, read_all, read_removals, read_transaction,
    reject_repeats,
};
use crate::fault::FaultCode;
use crate::money::Money;
use crate::request::fields::{FieldReader, read_id};
use crate::request::limits::{ACCOUNTS_MAX, NAME_LENGTH_MAX, TRANSACTIONS_MAX};
use crate::request::place::Place;
use crate::request::progress::Progress;
use crate::request::raw::RawRequest;
use crate::request::{Account, Balances, IngestRequest, Removal, Transaction};
use crate::text;

pub fn read_request(raw: RawRequest<'_>, progress: &mut Progress<'_>) -> Option<IngestRequest> {
    let faults = &mut *progress.faults;
    let is_known = !(raw.transactions.is_missing()
        && raw.added.is_missing()
        && raw.modified.is_missing()
        && raw.removed.is_missing()
        && raw.removed_transactions.is_missing());
    if !is_known {
        let detail = "is required, or added, modified and removed, as Plaid sends them";
        faults.at(Place::Body.field("transactions"), FaultCode::Required, detail);
    }
    let accounts = optional_array("accounts", raw.accounts, ACCOUNTS_MAX, faults);
    let arrays =
        [("transactions", raw.transactions), ("added", raw.added), ("modified", raw.modified)];
    let arrays =
        arrays.map(|(name, raw)| (name, optional_array(name, raw, TRANSACTIONS_MAX, faults)));
    let removed = optional_array("removed", raw.removed, TRANSACTIONS_MAX, faults);
    let ids =
        optional_array("removed_transactions", raw.removed_transactions, TRANSACTIONS_MAX, faults);

    let accounts = accounts.map(|raw| read_accounts(raw, read_balances, progress));
    let mut transactions = Vec::new();
    for (name, raw) in arrays {
        let values = read_all(name, raw?, read_plaid_transaction, progress);
        reject_repeats(&values, "transaction_id", |it| &it.transaction_id, progress.faults);
        transactions.extend(values);
    }
    let mut removed = read_removals(removed?, progress);
    removed.extend(read_removed_ids(ids?, progress));

    let removed = last_of_each(removed, |it| &it.transaction_id);
    let is_removed: HashSet<_> =
        removed.iter().filter_map(|(_, it)| Some(it.as_ref()?.transaction_id.as_str())).collect();
    let mut transactions = last_of_each(transactions, |it| &it.transaction_id);
    transactions.retain(|(_, it)| {
        !it.as_ref().is_some_and(|it| is_removed.contains(it.transaction_id.as_str()))
    });
    if transactions.len() + removed.len() > TRANSACTIONS_MAX {
        let detail = format!("must have at most {TRANSACTIONS_MAX} transactions and removals");
        progress.faults.at(Place::Body.to_string(), FaultCode::WrongCount, detail);
    }
    Some(IngestRequest::new(accounts?, transactions, removed, None))
}

/// Keeps the last value of each id, at the position of the first.
fn last_of_each<T>(values: Vec<Placed<T>>, id: fn(&T) -> &str) -> Vec<Placed<T>> {
    let mut positions = HashMap::with_capacity(values.len());
    let mut kept: Vec<Placed<T>> = Vec::with_capacity(values.len());
    for (place, value) in values {
        let Some(value) = value else { continue };
        let position = *positions.entry(id(&value).to_owned()).or_insert(kept.len());
        match kept.get_mut(position) {
            Some(earlier) => *earlier = (place, Some(value)),
            None => kept.push((place, Some(value))),
        }
    }
    kept
}

fn read_removed_ids(ids: Vec<Option<&str>>, progress: &mut Progress<'_>) -> Vec<Placed<Removal>> {
    let mut removals = Vec::with_capacity(ids.len());
    for (index, json) in ids.into_iter().enumerate() {
        let place = Place::Element("removed_transactions", index);
        match read_id(json.unwrap_or_default()) {
            Ok(transaction_id) => {
                removals.push((place, Some(Removal { transaction_id, account_id: None })));
            }
            Err(error) => progress.faults.at(place.to_string(), error.code(), error.to_string()),
        }
    }
    removals
}

/// Reads a transaction and turns its sign round.
fn read_plaid_transaction(reader: &mut FieldReader<'_, '_>) -> Option<Transaction> {
    let transaction = read_transaction(reader);
    let booked_at = reader.optional_instant("datetime");
    let authorized_at = reader.optional_instant("authorized_datetime");
    let merchant_name = merchant_of(reader.raw("counterparties"));
    let bank_category = category_of(reader.raw("personal_finance_category"));
    let transaction = transaction?;
    Some(Transaction {
        money: turned_round(transaction.money),
        booked_at: booked_at?.or(transaction.booked_at),
        authorized_on: transaction
            .authorized_on
            .or_else(|| Some(authorized_at?.as_ref()?.date_naive())),
        merchant_name: transaction.merchant_name.or(merchant_name),
        bank_category,
        ..transaction
    })
}

fn turned_round(money: Money) -> Money {
    let amount = money.amount();
    // `Decimal` has a negative zero.
    if amount.is_zero() { money } else { Money::new(-amount, *money.currency()) }
}

/// The fields of a personal finance category that are used.
#[derive(Deserialize)]
struct PersonalFinanceCategory {
    detailed: Option<String>,
}

/// The detailed code of a personal finance category. It is evidence, so an unknown format is not a
/// fault.
fn category_of(json: Option<&str>) -> Option<String> {
    let code = serde_json::from_str::<PersonalFinanceCategory>(json?).ok()?.detailed?;
    let is_code = |code: &str| code.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
    ((1..=CATEGORY_LENGTH_MAX).contains(&code.len()) && is_code(&code)).then_some(code)
}

/// The longest code of a category that is kept. The longest of Plaid has 61 characters.
const CATEGORY_LENGTH_MAX: usize = 80;

/// The fields of a counterparty that are used.
#[derive(Deserialize)]
struct Counterparty {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The name of the first merchant among the counterparties.
fn merchant_of(json: Option<&str>) -> Option<String> {
    let counterparties = serde_json::from_str::<Vec<Counterparty>>(json?).ok()?;
    let merchant = counterparties.into_iter().find(|it| it.kind.as_deref() == Some("merchant"))?;
    text::clean(&merchant.name?, NAME_LENGTH_MAX).ok().map(|cleaned| cleaned.text)
}

/// The balances of an account as Plaid sends them.
#[derive(Deserialize)]
struct PlaidBalances<'b> {
    #[serde(borrow)]
    available: Option<&'b RawValue>,
    #[serde(borrow)]
    current: Option<&'b RawValue>,
    #[serde(borrow)]
    limit: Option<&'b RawValue>,
    iso_currency_code: Option<String>,
    unofficial_currency_code: Option<String>,
    last_updated_datetime: Option<String>,
}

/// Reads the balances of an account. Those in an unknown format are dropped.
fn read_balances(account: Account, reader: &mut FieldReader<'_, '_>) -> Option<Account> {
    let balances = reader.raw("balances").and_then(balances_of);
    Some(Account { balances, ..account })
}

fn balances_of(json: &str) -> Option<Balances> {
    let raw = serde_json::from_str::<PlaidBalances<'_>>(json).ok()?;
    let amount = |raw: Option<&RawValue>| Decimal::from_str_exact(raw?.get()).ok();
    let time = raw.last_updated_datetime.as_deref();
    Some(Balances {
        available: amount(raw.available),
        current: amount(raw.current),
        limit: amount(raw.limit),
        currency: raw.iso_currency_code.or(raw.unofficial_currency_code),
        updated_at: time.and_then(|time| time.parse().ok()),
    })
}

#[cfg(test)]
mod tests;
