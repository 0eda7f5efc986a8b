//! The body of Tributary's own format.

use std::collections::HashSet;

use super::{
    Placed, optional_array, read_accounts, read_all, read_removals, read_transaction,
    reject_repeats,
};
use crate::fault::{FaultCode, Faults};
use crate::request::fields::FieldReader;
use crate::request::limits::{ACCOUNTS_MAX, TRANSACTIONS_MAX};
use crate::request::place::Place;
use crate::request::progress::Progress;
use crate::request::raw::{RawArray, RawRequest};
use crate::request::{IngestRequest, Transaction};

/// Where to send a response of Plaid.
const PLAID_PATH: &str = "/api/integrations/plaid/transactions";

pub fn read_request(raw: RawRequest<'_>, progress: &mut Progress<'_>) -> Option<IngestRequest> {
    if let Some(field) = plaid_field(&raw) {
        let detail = format!(
            "is a field of Plaid, whose amounts have the opposite sign: send it to {PLAID_PATH}"
        );
        progress.faults.at(Place::Body.field(field), FaultCode::WrongPath, detail);
        return None;
    }
    let mut reader = FieldReader::new(Place::Body, &raw.fields, progress);
    let request_id = reader.optional_id("request_id");
    let total = reader.count("total_transactions");
    for (name, is_missing) in
        [("accounts", raw.accounts.is_missing()), ("transactions", raw.transactions.is_missing())]
    {
        if is_missing {
            reader.fault(name, FaultCode::Required, "is required");
        }
    }
    let faults = &mut *progress.faults;
    let accounts = optional_array("accounts", raw.accounts, ACCOUNTS_MAX, faults);
    let sent_count = count_of(&raw.transactions);
    let transactions = optional_array("transactions", raw.transactions, TRANSACTIONS_MAX, faults);
    let removed = optional_array("removed", raw.removed, TRANSACTIONS_MAX, faults);
    check_counts(total, sent_count, removed.as_ref().map(Vec::len), faults);

    let accounts = accounts.map(|raw| read_accounts(raw, |account, _| Some(account), progress));
    let transactions =
        transactions.map(|raw| read_all("transactions", raw, read_transaction, progress));
    let removed = removed.map(|raw| read_removals(raw, progress)).unwrap_or_default();
    let transactions = transactions?;
    let faults = &mut *progress.faults;
    reject_repeats(&transactions, "transaction_id", |it| &it.transaction_id, faults);
    reject_repeats(&removed, "transaction_id", |it| &it.transaction_id, faults);
    let sent: HashSet<_> = ids(&transactions).collect();
    for (place, removal) in &removed {
        if removal.as_ref().is_some_and(|it| sent.contains(it.transaction_id.as_str())) {
            let detail = "must not also be in transactions";
            faults.at(place.field("transaction_id"), FaultCode::Duplicate, detail);
        }
    }
    Some(IngestRequest::new(accounts?, transactions, removed, request_id?))
}

/// A field that only responses and webhooks of Plaid have, if there is one.
fn plaid_field(raw: &RawRequest<'_>) -> Option<&'static str> {
    let value = |index: usize| raw.fields.values.get(index).copied().flatten();
    let position = |name| raw.fields.names.iter().position(|known| *known == name);
    let field = |name| position(name).and_then(value);
    let is_item =
        field("item").is_some_and(|item| item.starts_with('{') && item.contains("\"item_id\""));
    [
        ("added", !raw.added.is_missing()),
        ("modified", !raw.modified.is_missing()),
        ("removed_transactions", !raw.removed_transactions.is_missing()),
        ("item", is_item),
        ("webhook_code", field("webhook_code").is_some()),
    ]
    .into_iter()
    .find_map(|(name, is_there)| is_there.then_some(name))
}

const fn count_of<T>(array: &RawArray<T>) -> Option<usize> {
    match array {
        RawArray::Elements(count, _) => Some(*count),
        RawArray::Missing | RawArray::NotArray => None,
    }
}

fn check_counts(
    total: Option<u64>,
    sent: Option<usize>,
    removed: Option<usize>,
    faults: &mut Faults,
) {
    let Some(sent) = sent else { return };
    if total.is_some_and(|total| usize::try_from(total) != Ok(sent)) {
        let detail = format!("must equal the number of transactions sent, {sent}");
        faults.at(Place::Body.field("total_transactions"), FaultCode::CountMismatch, detail);
    }
    let Some(removed) = removed else { return };
    // More than that in one array is a fault of its own.
    if sent <= TRANSACTIONS_MAX && !(1..=TRANSACTIONS_MAX).contains(&(sent + removed)) {
        let detail = format!("must have 1 to {TRANSACTIONS_MAX} elements, together with removed");
        faults.at(Place::Body.field("transactions"), FaultCode::WrongCount, detail);
    }
}

fn ids(transactions: &[Placed<Transaction>]) -> impl Iterator<Item = &str> {
    transactions.iter().filter_map(|(_, it)| it.as_ref().map(|it| it.transaction_id.as_str()))
}
