//! Request bodies in the shape of Plaid's responses and webhooks.

use serde_json::{Value, json};

/// An account of Plaid.
fn plaid_account(account_id: &str) -> Value {
    json!({
        "account_id": account_id,
        "balances": {
            "available": 110.94, "current": 110.94, "limit": null, "iso_currency_code": "USD",
            "unofficial_currency_code": null
        },
        "mask": "0000", "name": "Everyday Checking", "official_name": "Everyday 0% Checking",
        "subtype": "checking", "type": "depository"
    })
}

/// A transaction of the account `acc`. A positive amount is money out.
pub fn plaid_transaction(transaction_id: &str, amount: f64) -> Value {
    json!({
        "transaction_id": transaction_id, "account_id": "acc", "account_owner": null,
        "amount": amount, "iso_currency_code": "USD", "unofficial_currency_code": null,
        "check_number": null, "date": "2025-10-30", "datetime": "2025-10-30T15:10:09Z",
        "authorized_date": "2025-10-29", "authorized_datetime": "2025-10-29T08:01:58Z",
        "name": "CORNER DELI 0042", "merchant_name": null, "merchant_entity_id": null,
        "logo_url": null, "website": null,
        "counterparties": [
            {"name": "Courier", "type": "marketplace", "confidence_level": "HIGH"},
            {"name": "Corner Deli", "type": "merchant", "confidence_level": "VERY_HIGH"}
        ],
        "location": {"address": null, "city": "Poway", "lat": 32.959068, "lon": -117.037666},
        "payment_meta": {"payee": null, "ppd_id": null}, "payment_channel": "in store",
        "pending": false, "pending_transaction_id": null,
        "personal_finance_category": {
            "primary": "FOOD_AND_DRINK", "detailed": "FOOD_AND_DRINK_FAST_FOOD",
            "confidence_level": "VERY_HIGH"
        },
        "personal_finance_category_icon_url": "https://example.com/food.png",
        "transaction_code": null, "transaction_type": "place"
    })
}

/// A pending transaction of the account `acc`.
pub fn plaid_pending(transaction_id: &str, amount: f64) -> Value {
    let mut transaction = plaid_transaction(transaction_id, amount);
    transaction["pending"] = json!(true);
    transaction
}

/// A page of `/transactions/get`, whose total counts all pages.
pub fn plaid_get(transactions: &[Value]) -> Value {
    json!({
        "accounts": [plaid_account("acc")], "transactions": transactions,
        "item": {
            "available_products": ["balance"], "billed_products": ["transactions"],
            "error": null, "institution_id": "ins_3", "item_id": "item_1", "webhook": ""
        },
        "total_transactions": 4711, "request_id": "45QSn"
    })
}

/// A page of `/transactions/sync`.
pub fn plaid_sync(added: &[Value], modified: &[Value], removed: &[&str]) -> Value {
    let removed: Vec<_> =
        removed.iter().map(|id| json!({"account_id": "acc", "transaction_id": id})).collect();
    json!({
        "accounts": [plaid_account("acc")], "added": added, "modified": modified,
        "removed": removed, "next_cursor": "tVUUL15lYQN5rBnfDIc1I8xudpGdIlw9nsgeXWvhOfkECv",
        "has_more": false, "request_id": "Wvhy9PZHQLV8njG",
        "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE"
    })
}

/// The webhook `TRANSACTIONS_REMOVED`.
pub fn plaid_webhook(removed: &[&str]) -> Value {
    json!({
        "webhook_type": "TRANSACTIONS", "webhook_code": "TRANSACTIONS_REMOVED",
        "item_id": "item_1", "environment": "production", "error": null,
        "removed_transactions": removed
    })
}
