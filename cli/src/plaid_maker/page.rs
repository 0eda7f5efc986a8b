//! The objects of a page, with all of Plaid's fields.

use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use super::Sent;
use crate::batch_maker::Template;

/// An account with this balance.
pub fn account(account_id: &str, seed: u64, cents: i64) -> Value {
    json!({
        "account_id": account_id,
        "balances": {
            "available": amount(cents),
            "current": amount(cents),
            "iso_currency_code": "USD",
            "limit": null,
            "unofficial_currency_code": null,
        },
        "holder_category": "business",
        "mask": format!("{:04}", seed % 10_000),
        "name": "Plaid Checking",
        "official_name": "Plaid Gold Standard 0% Interest Checking",
        "persistent_account_id": null,
        "subtype": "checking",
        "type": "depository",
    })
}

/// A transaction of an account.
pub fn transaction(account_id: &str, sent: &Sent) -> Value {
    let Template { description, merchant_name, payment_channel, .. } = sent.template;
    let (primary, detailed) = category(sent.template);
    let is_check = merchant_name.is_none();
    let counterparty = merchant_name.map(|name| {
        json!({
            "account_numbers": null, "confidence_level": "VERY_HIGH", "entity_id": null,
            "logo_url": null, "name": name, "phone_number": null, "type": "merchant",
            "website": null,
        })
    });
    let is_in_store = *payment_channel == "in store";
    let in_store = |text: &str| is_in_store.then(|| text.to_owned());
    // The sandbox knows the time of a transaction only once it has posted.
    let time = (!sent.is_pending).then(|| format!("{}T{:02}:00:00Z", sent.date, sent.hour));
    json!({
        "account_id": account_id,
        "account_owner": null,
        "amount": amount(sent.cents),
        "authorized_date": sent.date,
        "authorized_datetime": null,
        "category": null,
        "category_id": null,
        "check_number": is_check.then(|| description.trim_start_matches("CHECK ")),
        "counterparties": counterparty.into_iter().collect::<Vec<_>>(),
        "date": sent.date,
        "datetime": time,
        "iso_currency_code": "USD",
        "location": {
            "address": in_store("300 Post St"), "city": in_store("San Francisco"),
            "country": in_store("US"), "lat": is_in_store.then_some(40.740_352),
            "lon": is_in_store.then_some(-74.001_761), "postal_code": in_store("94108"),
            "region": in_store("CA"), "store_number": null,
        },
        "logo_url": null,
        "merchant_entity_id": null,
        "merchant_name": merchant_name,
        "name": description,
        "original_description": null,
        "payment_channel": payment_channel,
        "payment_meta": {
            "by_order_of": null, "payee": null, "payer": null, "payment_method": null,
            "payment_processor": null, "ppd_id": null, "reason": null,
            "reference_number": null,
        },
        "pending": sent.is_pending,
        "pending_transaction_id": sent.pending_transaction_id,
        "personal_finance_category": {
            "confidence_level": "VERY_HIGH", "detailed": detailed, "primary": primary,
            "version": "v2",
        },
        "personal_finance_category_icon_url":
            format!("https://plaid-category-icons.plaid.com/PFC_{primary}.png"),
        "transaction_code": null,
        "transaction_id": sent.id,
        "transaction_type": if is_check { "unresolved" } else { "place" },
        "unofficial_currency_code": null,
        "website": null,
    })
}

/// A JSON number, as Plaid sends it. Cents of this size survive the float of `serde_json`.
fn amount(cents: i64) -> Option<Number> {
    Decimal::new(cents, 2).to_string().parse().ok()
}

/// The primary and the detailed code of Plaid's taxonomy.
fn category(template: &Template) -> (&'static str, &'static str) {
    match template.merchant_category_code {
        Some("5942") => ("GENERAL_MERCHANDISE", "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES"),
        Some("6012") => ("INCOME", "INCOME_OTHER"),
        Some("4121") => ("TRANSPORTATION", "TRANSPORTATION_TAXIS_AND_RIDE_SHARES"),
        Some("7372") => ("GENERAL_SERVICES", "GENERAL_SERVICES_OTHER_GENERAL_SERVICES"),
        Some("5814") => ("FOOD_AND_DRINK", "FOOD_AND_DRINK_COFFEE"),
        Some("3058") => ("TRAVEL", "TRAVEL_FLIGHTS"),
        Some("5541") => ("TRANSPORTATION", "TRANSPORTATION_GAS"),
        _ => ("TRANSFER_OUT", "TRANSFER_OUT_OTHER_TRANSFER_OUT"),
    }
}
