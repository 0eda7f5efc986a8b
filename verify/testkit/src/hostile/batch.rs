//! Valid batches as text, for generators of hostile bodies to corrupt.

#![expect(clippy::expect_used, reason = "the slices are never empty")]

use rand::Rng;
use rand::rngs::StdRng;

/// The largest body that `ingest` parses.
pub const BODY_BYTES_MAX: usize = tributary_domain::request::limits::BODY_BYTES_MAX;

/// Chooses one of some items.
pub fn one_of<T: Copy>(random: &mut StdRng, items: &[T]) -> T {
    let index = random.random_range(0..items.len());
    *items.get(index).expect("an item")
}

/// The fields of a transaction, each a name and its JSON.
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

/// The JSON of an object.
pub fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// A batch of these transactions on the account `acc`, with additional fields.
pub fn batch(transactions: &[String], more: &str) -> String {
    let account = r#"{"account_id": "acc", "name": "Business Checking", "type": "depository"}"#;
    let (count, list) = (transactions.len(), transactions.join(","));
    format!(
        "{{\"accounts\": [{account}], \"transactions\": [{list}], \
         \"total_transactions\": {count}{more}}}"
    )
}

/// A batch of one transaction, one field of which is this JSON.
pub fn with_field(name: &str, json: &str) -> String {
    let mut fields = transaction("tx");
    fields.retain(|(other, _)| other != name);
    fields.push((name.to_owned(), json.to_owned()));
    batch(&[object(&fields)], "")
}

/// A batch of at most `count_max` transactions.
pub fn some_batch(random: &mut StdRng, count_max: usize) -> String {
    let count = random.random_range(1..=count_max);
    let transactions: Vec<_> =
        (0..count).map(|index| object(&transaction(&format!("tx_{index}")))).collect();
    batch(&transactions, "")
}

/// Items separated by commas, of at most `bytes` bytes in total.
pub fn list(item: impl Fn(usize) -> String, bytes: usize) -> String {
    let mut list = String::with_capacity(bytes);
    let mut index = 0;
    loop {
        let next = item(index);
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
