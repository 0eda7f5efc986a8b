//! Batches that ingest would take, as text, for others to spoil.

#![expect(clippy::expect_used, reason = "there is always one of some things")]

use rand::Rng;
use rand::rngs::StdRng;

/// The longest body that is looked at.
pub const BODY_BYTES_MAX: usize = tributary_domain::request::limits::BODY_BYTES_MAX;

/// One of some things.
pub fn one_of<T: Copy>(random: &mut StdRng, things: &[T]) -> T {
    let index = random.random_range(0..things.len());
    *things.get(index).expect("a thing")
}

/// A transaction's fields, each a name and its JSON.
pub fn transaction(id: &str) -> Vec<(String, String)> {
    [
        ("transaction_id", format!("\"{id}\"")),
        ("account_id", "\"acc\"".to_owned()),
        ("amount", "-42.50".to_owned()),
        ("iso_currency_code", "\"USD\"".to_owned()),
        ("date", "\"2025-10-30T08:00:00Z\"".to_owned()),
        ("name", "\"AMZN Mktp US*2K4\"".to_owned()),
        ("merchant_name", "\"Amazon\"".to_owned()),
        ("pending", "false".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Writes an object.
pub fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// Writes a batch of these transactions on the account `acc`, with more fields of its own.
pub fn batch(transactions: &[String], more: &str) -> String {
    let account = r#"{"account_id": "acc", "name": "Business Checking", "type": "depository"}"#;
    let (count, list) = (transactions.len(), transactions.join(","));
    format!(
        r#"{{"accounts": [{account}], "transactions": [{list}], "total_transactions": {count}{more}}}"#
    )
}

/// A batch of one transaction, with one field of it set to some JSON.
pub fn with_field(name: &str, json: &str) -> String {
    let mut fields = transaction("tx");
    fields.retain(|(other, _)| other != name);
    fields.push((name.to_owned(), json.to_owned()));
    batch(&[object(&fields)], "")
}

/// A batch of up to so many transactions.
pub fn some_batch(random: &mut StdRng, count_max: usize) -> String {
    let count = random.random_range(1..=count_max);
    let transactions: Vec<_> =
        (0..count).map(|index| object(&transaction(&format!("tx_{index}")))).collect();
    batch(&transactions, "")
}

/// A piece repeated to about so many bytes, between commas.
pub fn list(piece: impl Fn(usize) -> String, bytes: usize) -> String {
    let mut list = String::with_capacity(bytes);
    let mut index = 0;
    loop {
        let next = piece(index);
        if list.len() + next.len() + 1 > bytes {
            return list;
        }
        if index > 0 {
            list.push(',');
        }
        list.push_str(&next);
        index += 1;
    }
}
