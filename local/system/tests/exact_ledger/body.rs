//! A batch as a body: in Tributary's format, or as a response or a webhook of Plaid.

use chrono::NaiveDate;
use rand::Rng;
use rand::rngs::StdRng;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::content::{Content, Format, unclean};
use crate::ledger::Batch;

/// A request that can be sent again.
#[derive(Clone, Debug)]
pub struct Body {
    pub path: &'static str,
    pub text: String,
    /// The header `Idempotency-Key`.
    pub header_key: Option<String>,
    /// Whether it has a key, in the header or in the body.
    pub has_key: bool,
}

const PLAIN: &str = "/api/integrations/transactions";
const PLAID: &str = "/api/integrations/plaid/transactions/";

#[derive(Serialize)]
struct SentTransaction<'s> {
    transaction_id: &'s str,
    account_id: &'s str,
    amount: Box<RawValue>,
    iso_currency_code: Option<&'static str>,
    unofficial_currency_code: Option<&'static str>,
    date: String,
    datetime: Option<String>,
    authorized_date: Option<NaiveDate>,
    authorized_datetime: Option<String>,
    name: Option<String>,
    merchant_name: Option<String>,
    payment_channel: Option<&'s str>,
    merchant_category_code: Option<&'s str>,
    mcc: Option<&'s str>,
    pending: bool,
    pending_transaction_id: Option<&'s str>,
    personal_finance_category: Value,
    counterparties: Value,
}

#[derive(Serialize)]
struct PlainBody<'s> {
    accounts: Vec<Value>,
    transactions: Vec<SentTransaction<'s>>,
    removed: Vec<Value>,
    total_transactions: usize,
    request_id: Option<&'s str>,
}

/// A response of `/transactions/sync`.
#[derive(Serialize)]
struct SyncBody<'s> {
    accounts: Vec<Value>,
    added: Vec<SentTransaction<'s>>,
    modified: Vec<SentTransaction<'s>>,
    removed: Vec<Value>,
    next_cursor: &'static str,
    has_more: bool,
    request_id: &'static str,
}

/// A response of `/transactions/get`.
#[derive(Serialize)]
struct GetBody<'s> {
    accounts: Vec<Value>,
    transactions: Vec<SentTransaction<'s>>,
    item: Value,
    total_transactions: usize,
    request_id: &'static str,
}

impl Body {
    /// A body with an idempotency key or without one. Equal batches have different bodies.
    pub fn of(random: &mut StdRng, batch: &Batch) -> Self {
        let key = random.random_bool(0.6).then(|| format!("key-{:032x}", random.random::<u128>()));
        match batch.format {
            Format::Plain => {
                let in_header = random.random_bool(0.5);
                let request_id = if in_header { None } else { key.as_deref() };
                let text = plain(random, batch, request_id);
                let has_key = key.is_some();
                Self { path: PLAIN, text, header_key: key.filter(|_| in_header), has_key }
            }
            Format::Plaid => {
                let text = plaid(random, batch);
                Self { path: PLAID, text, has_key: key.is_some(), header_key: key }
            }
        }
    }
}

fn plain(random: &mut StdRng, batch: &Batch, request_id: Option<&str>) -> String {
    let transactions: Vec<_> =
        batch.transactions.iter().map(|(id, content)| sent_plain(random, id, content)).collect();
    let body = PlainBody {
        accounts: accounts(batch),
        total_transactions: transactions.len(),
        transactions,
        removed: removals(batch),
        request_id,
    };
    serde_json::to_string(&body).unwrap()
}

fn plaid(random: &mut StdRng, batch: &Batch) -> String {
    if batch.transactions.is_empty() && batch.removals.iter().all(|(_, account)| account.is_none())
    {
        let ids: Vec<_> = batch.removals.iter().map(|(id, _)| id).collect();
        return json!({
            "webhook_type": "TRANSACTIONS", "webhook_code": "TRANSACTIONS_REMOVED",
            "item_id": "item", "removed_transactions": ids, "error": null,
        })
        .to_string();
    }
    let all = &batch.transactions;
    if batch.removals.is_empty() && random.random_bool(0.3) {
        let body = GetBody {
            accounts: accounts(batch),
            transactions: all.iter().map(|(id, it)| sent_plaid(random, id, it)).collect(),
            item: json!({"item_id": "item", "webhook": ""}),
            // Of all pages.
            total_transactions: all.len() + 1_000,
            request_id: "the same in every response",
        };
        return serde_json::to_string(&body).unwrap();
    }
    let (added, modified) = sync_page(random, batch);
    let body = SyncBody {
        accounts: accounts(batch),
        added: added.iter().map(|(id, it)| sent_plaid(random, id, it)).collect(),
        modified: modified.iter().map(|(id, it)| sent_plaid(random, id, it)).collect(),
        removed: removals(batch),
        next_cursor: "next",
        has_more: false,
        request_id: "the same in every response",
    };
    serde_json::to_string(&body).unwrap()
}

/// Added and modified transactions.
type Page = (Vec<(String, Content)>, Vec<(String, Content)>);

/// Some transactions appear twice, and only their last state counts.
fn sync_page(random: &mut StdRng, batch: &Batch) -> Page {
    let (mut added, mut modified) = (Vec::new(), Vec::new());
    for (id, content) in &batch.transactions {
        let is_modified = random.random_bool(0.5);
        if is_modified && random.random_bool(0.2) {
            // An earlier state of it on the same page: the later one counts.
            let mut earlier = content.clone();
            earlier.change(random);
            added.push((id.clone(), earlier));
        }
        if is_modified { &mut modified } else { &mut added }.push((id.clone(), content.clone()));
    }
    // Added and removed on one page: it is only removed.
    let removed = batch.removals.first().filter(|_| random.random_bool(0.3));
    if let (Some((id, _)), Some((_, other))) = (removed, batch.transactions.first()) {
        added.push((id.clone(), Content { named: None, ..other.clone() }));
    }
    (added, modified)
}

fn accounts(batch: &Batch) -> Vec<Value> {
    let mut ids: Vec<_> = batch.transactions.iter().map(|(_, it)| &it.account).collect();
    ids.sort();
    ids.dedup();
    ids.retain(|id| !batch.unknown_accounts.contains(id));
    let account = |id| {
        json!({
            "account_id": id, "name": "Business Checking", "type": "depository",
            "balances": {"available": 100.5, "current": 110, "limit": null,
                         "iso_currency_code": "USD", "unofficial_currency_code": null},
        })
    };
    ids.into_iter().map(account).collect()
}

fn removals(batch: &Batch) -> Vec<Value> {
    let removals = batch.removals.iter();
    removals.map(|(id, account)| json!({"transaction_id": id, "account_id": account})).collect()
}

fn sent_plain<'s>(random: &mut StdRng, id: &'s str, content: &'s Content) -> SentTransaction<'s> {
    let mut sent = sent(random, id, content, false);
    sent.date = content.time.map_or(sent.date, |time| time.to_rfc3339());
    if content.merchant.as_ref() == Some(&content.name) && random.random_bool(0.5) {
        sent.name = None;
    }
    let code = content.code.as_deref();
    if random.random_bool(0.3) {
        sent.mcc = code
    } else {
        sent.merchant_category_code = code
    }
    sent
}

fn sent_plaid<'s>(random: &mut StdRng, id: &'s str, content: &'s Content) -> SentTransaction<'s> {
    let mut sent = sent(random, id, content, true);
    sent.datetime = content.time.map(|time| time.to_rfc3339());
    if let Some(day) = sent.authorized_date.filter(|_| random.random_bool(0.3)) {
        sent.authorized_date = None;
        sent.authorized_datetime = Some(format!("{day}T12:00:00Z"));
    }
    if let Some(merchant) = sent.merchant_name.take_if(|_| random.random_bool(0.3)) {
        sent.counterparties = json!([
            {"name": "Square", "type": "payment_terminal", "confidence_level": "LOW"},
            {"name": merchant, "type": "merchant", "confidence_level": "VERY_HIGH"},
        ]);
    }
    if let Some(detailed) = &content.bank_category {
        sent.personal_finance_category =
            json!({"primary": "ANY", "detailed": detailed, "confidence_level": "HIGH"});
    }
    sent
}

/// What both formats have.
fn sent<'s>(
    random: &mut StdRng,
    id: &'s str,
    content: &'s Content,
    is_plaid: bool,
) -> SentTransaction<'s> {
    let currency = content.amount.currency;
    let code = |is_iso| (currency.is_iso == is_iso).then_some(currency.code);
    SentTransaction {
        transaction_id: id,
        account_id: &content.account,
        amount: RawValue::from_string(content.amount.json(random, is_plaid)).unwrap(),
        iso_currency_code: code(true),
        unofficial_currency_code: code(false),
        date: content.day.to_string(),
        datetime: None,
        authorized_date: content.authorized,
        authorized_datetime: None,
        name: Some(unclean(random, &content.name)),
        merchant_name: content.merchant.as_deref().map(|it| unclean(random, it)),
        payment_channel: content.channel.as_deref(),
        merchant_category_code: None,
        mcc: None,
        pending: content.is_pending,
        pending_transaction_id: content.named.as_deref(),
        personal_finance_category: Value::Null,
        counterparties: Value::Null,
    }
}
