//! The requests that clients send: a body, its idempotency key, and the key's location.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tributary_client::Method;
use tributary_domain::Format;

/// One POST, which can be sent repeatedly.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its idempotency key.
    pub key: String,
    /// Whether the key is a header. Otherwise it is the body's `request_id`.
    pub key_in_header: bool,
    /// The format of the body.
    pub format: Format,
    /// The JSON body.
    pub body: String,
}

impl Request {
    /// A batch of these accounts, transactions and removals.
    #[must_use]
    pub fn new(
        key: String,
        key_in_header: bool,
        accounts: &[Value],
        transactions: &[Value],
        removed: &[Value],
    ) -> Self {
        let body = json!({
            "accounts": accounts,
            "transactions": transactions,
            "removed": removed,
            "total_transactions": transactions.len(),
            "request_id": if key_in_header { Value::Null } else { json!(key) },
        })
        .to_string();
        Self { key, key_in_header, format: Format::Plain, body }
    }

    /// The same as a page of Plaid's `/transactions/sync`. Its key is a header.
    #[must_use]
    pub fn plaid(
        key: String,
        accounts: &[Value],
        transactions: &[Value],
        removed: &[Value],
    ) -> Self {
        let (added, modified) = transactions.split_at(transactions.len() / 2);
        let as_plaid = |all: &[Value]| all.iter().map(as_plaid).collect::<Vec<_>>();
        let body = json!({
            "accounts": accounts,
            "added": as_plaid(added),
            "modified": as_plaid(modified),
            "removed": removed,
            "next_cursor": "next",
            "has_more": false,
            "request_id": "the same in every response",
        })
        .to_string();
        Self { key, key_in_header: true, format: Format::Plaid, body }
    }

    /// The request of HTTP. Not that of a typed call, since the body is sent as it is, also an
    /// invalid one.
    ///
    /// # Errors
    /// If the key has characters that a header cannot have.
    pub fn to_http(&self) -> Result<tributary_client::Request, tributary_client::Error> {
        let path: &[&str] = match self.format {
            Format::Plain => &["api", "integrations", "transactions"],
            Format::Plaid => &["api", "integrations", "plaid", "transactions"],
        };
        tributary_client::Request::new(Method::POST, path)
            .json_text(self.body.clone())
            .idempotency_key(self.key_in_header.then_some(self.key.as_str()))
    }
}

/// An account of a request.
#[must_use]
pub fn account(account_id: &str, name: &str) -> Value {
    json!({
        "account_id": account_id, "name": name, "type": "depository", "subtype": "checking",
        "mask": "1111",
    })
}

/// The description of a transaction that kills each worker that processes it.
pub const DEADLY: &str = "DEADLY";

/// Descriptions, each with its merchant's name and category code.
const DESCRIPTIONS: &[(&str, Option<&str>, Option<&str>)] = &[
    ("AMZN Mktp US*2K4", Some("Amazon"), Some("5942")),
    ("STRIPE TRANSFER ST-J4", Some("Stripe"), None),
    ("UBER TRIP HELP.UBER.COM", None, Some("4121")),
    ("AWS EMEA aws.amazon.co", Some("AWS"), Some("7372")),
    ("STARBUCKS STORE 05521", Some("Starbucks"), Some("5814")),
    ("CHECK 2291", None, None),
];

/// Each with its number of decimals. BTC is unofficial.
const CURRENCIES: &[(&str, u32)] = &[("USD", 2), ("EUR", 2), ("JPY", 0), ("BHD", 3), (BTC, 8)];
const BTC: &str = "BTC";

/// The booking days in October 2025. They are within a week, so that no update looks like another
/// transaction under a reused id.
const DAYS: std::ops::RangeInclusive<u32> = 11..=18;

/// A transaction with random content. There are few contents, so that some updates change nothing.
#[must_use]
pub fn transaction(random: &mut StdRng, transaction_id: &str, account_id: &str) -> Value {
    let (description, merchant, code) =
        DESCRIPTIONS.choose(random).copied().unwrap_or(("CHECK 1", None, None));
    let (currency, decimals) = CURRENCIES.choose(random).copied().unwrap_or(("USD", 2));
    let day = random.random_range(DAYS);
    let code_if = |is_used: bool| is_used.then_some(currency);
    json!({
        "transaction_id": transaction_id,
        "account_id": account_id,
        // A string, since a number of serde_json would be a float.
        "amount": Decimal::new(random.random_range(-30..=30) * 1_001, decimals).to_string(),
        "iso_currency_code": code_if(currency != BTC),
        "unofficial_currency_code": code_if(currency == BTC),
        "date": format!("2025-10-{day:02}T{:02}:15:00Z", random.random_range(0..24)),
        "authorized_date": format!("2025-10-{day:02}"),
        "name": description,
        "merchant_name": merchant,
        "payment_channel": "online",
        "merchant_category_code": code,
        "pending": false,
        "pending_transaction_id": null,
    })
}

/// A transaction as Plaid describes it: positive amounts are money out, and a category stands for
/// the merchant category code.
fn as_plaid(transaction: &Value) -> Value {
    let text = |field| transaction.get(field).and_then(Value::as_str).unwrap_or_default();
    let amount = text("amount");
    let amount = amount.strip_prefix('-').map_or_else(|| format!("-{amount}"), str::to_owned);
    let (date, _) = text("date").split_once('T').unwrap_or_default();
    let mut sent = transaction.clone();
    for (field, value) in [
        ("amount", json!(amount)),
        ("date", json!(date)),
        ("datetime", json!(text("date"))),
        ("merchant_category_code", Value::Null),
        (
            "personal_finance_category",
            json!({
                "primary": "FOOD_AND_DRINK", "detailed": "FOOD_AND_DRINK_COFFEE",
                "confidence_level": "VERY_HIGH",
            }),
        ),
    ] {
        sent = with(sent, field, value);
    }
    sent
}

/// The removal of a transaction, with its account or without.
#[must_use]
pub fn removal(transaction_id: &str, account_id: Option<&str>) -> Value {
    json!({"transaction_id": transaction_id, "account_id": account_id})
}

/// A transaction with one field replaced.
#[must_use]
pub fn with(mut transaction: Value, field: &str, value: Value) -> Value {
    if let Some(fields) = transaction.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    transaction
}
