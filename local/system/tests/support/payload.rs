//! Request bodies.

use serde_json::{Value, json};

/// The example request of the design document, unchanged.
pub fn example() -> &'static str {
    r#"{"accounts": [{"account_id": "acc_12345", "name": "Business Checking", "type": "depository",
                      "subtype": "checking", "mask": "1111"}],
        "transactions": [{"transaction_id": "tx_1", "account_id": "acc_12345", "amount": -42.50,
                          "iso_currency_code": "USD", "date": "2025-10-30T08:00:00Z",
                          "authorized_date": "2025-10-30", "name": "AMZN Mktp US*2K4",
                          "merchant_name": "Amazon", "payment_channel": "online",
                          "merchant_category_code": "5942", "pending": false,
                          "pending_transaction_id": null}],
        "total_transactions": 1, "request_id": "req_abc123"}"#
}

pub fn account(account_id: &str) -> Value {
    json!({"account_id": account_id, "name": "Business Checking", "type": "depository"})
}

/// A transaction of the account `acc`. Amounts are strings, so that they are never floats.
pub fn transaction(transaction_id: &str, amount: &str) -> Value {
    json!({
        "transaction_id": transaction_id, "account_id": "acc", "amount": amount,
        "iso_currency_code": "USD", "date": "2025-10-30", "name": "Amazon"
    })
}

/// A batch with the account `acc`.
pub fn payload(transactions: &[Value]) -> Value {
    json!({
        "accounts": [account("acc")], "transactions": transactions,
        "total_transactions": transactions.len()
    })
}

/// A transaction in a currency of ISO 4217.
pub fn in_currency(transaction_id: &str, amount: &str, currency: &str) -> Value {
    let mut transaction = transaction(transaction_id, amount);
    transaction["iso_currency_code"] = json!(currency);
    transaction
}

/// A batch that only removes transactions of the account `acc`.
pub fn removals(transaction_ids: &[&str]) -> Value {
    let mut body = payload(&[]);
    let removal = |id: &&str| json!({"account_id": "acc", "transaction_id": id});
    body["removed"] = transaction_ids.iter().map(removal).collect();
    body
}

/// A batch of `count` transactions that differ only in their ids.
pub fn numbered(count: usize, amount: &str) -> Value {
    let transactions: Vec<_> =
        (0..count).map(|index| transaction(&format!("tx_{index:05}"), amount)).collect();
    payload(&transactions)
}
