//! Checks the parsers' properties with generated input. `verify/fuzz` checks them under libFuzzer.
#![cfg(test)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use report::cursor::TransactionCursor;
use serde_json::{Value, json};
use tributary_domain::request::limits;
use tributary_domain::{Format, IngestRequest, text};
use tributary_properties::{cursor, key, message, request};

/// Any text, often with special characters.
fn any_text() -> impl Strategy<Value = String> {
    let odd = "[\u{0}-\u{1f}\u{7f}-\u{9f} é\u{301}\u{202e}\u{feff}\u{fb2c}🚀\"\\\\/~]{0,8}";
    prop_oneof![any::<String>(), odd, "[a-z0-9]{1,20}", "[é\u{301}]{120,140}"]
}

/// Any JSON of this depth.
fn any_json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
        prop_oneof!["2025-10-3[0-9]", "-?[0-9]{1,17}\\.[0-9]{0,3}", "USD|JPY|BHD|XAU|BTC|DEM"]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any_text(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// A batch with some fields replaced by any JSON.
fn some_batch() -> impl Strategy<Value = Value> {
    let changes = vec((any::<prop::sample::Index>(), any_json(3)), 0..4);
    (changes, 1_usize..4, any_text()).prop_map(|(changes, count, text)| {
        let transaction = |index: usize| {
            json!({
                "transaction_id": format!("{index}"), "account_id": "acc", "amount": "-42.50",
                "iso_currency_code": "USD", "unofficial_currency_code": null, "date": "2025-10-30",
                "authorized_date": null, "name": text, "merchant_name": null, "payment_channel": null,
                "merchant_category_code": null, "pending": false, "pending_transaction_id": null,
            })
        };
        let transactions: Vec<_> = (0..count).map(transaction).collect();
        let mut batch = json!({
            "accounts": [
                {"account_id": "acc", "name": text, "type": "a", "subtype": null, "mask": null},
            ],
            "transactions": transactions, "total_transactions": count, "request_id": null,
            "removed": [{"transaction_id": text, "account_id": null}],
        });
        for (place, value) in changes {
            let mut places = Vec::new();
            collect(&batch, "", &mut places);
            *batch.pointer_mut(place.get::<String>(&places)).unwrap() = value;
        }
        batch
    })
}

/// Collects the JSON Pointers of a value and of everything in it.
fn collect(value: &Value, pointer: &str, places: &mut Vec<String>) {
    places.push(pointer.to_owned());
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect(element, &format!("{pointer}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(field, &format!("{pointer}/{name}"), places);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn body_of_any_bytes_keeps_the_properties(bytes in vec(any::<u8>(), 0..2_000)) {
        request::check(&bytes);
        request::check_plaid(&bytes);
    }

    #[test]
    fn body_of_any_json_keeps_the_properties(body in any_json(6)) {
        request::check(body.to_string().as_bytes());
    }

    #[test]
    fn batch_with_fields_of_any_json_keeps_the_properties(body in some_batch()) {
        request::check(body.to_string().as_bytes());
        request::check_plaid(body.to_string().as_bytes());
    }

    #[test]
    fn batch_with_any_bytes_inserted_keeps_the_properties(
        body in some_batch(),
        place in any::<prop::sample::Index>(),
        bytes in vec(any::<u8>(), 0..8),
    ) {
        let mut body = body.to_string().into_bytes();
        let at = place.index(body.len());
        body.splice(at..at, bytes);
        request::check(&body);
    }

    #[test]
    fn cleaned_text_is_cleaned_to_itself(text in any_text()) {
        if let Ok(cleaned) = text::clean(&text, 140) {
            let again = text::clean(&cleaned.text, 140);
            prop_assert_eq!(again.map(|cleaned| cleaned.text), Ok(cleaned.text));
        }
    }

    #[test]
    fn message_of_any_text_keeps_the_properties(
        body in any_text(), json in any_json(3), v in 0_u8..3,
    ) {
        message::check(body.as_bytes());
        message::check(json.to_string().as_bytes());
        message::check(json!({"v": v, "tenant_id": body, "batch_id": json}).to_string().as_bytes());
    }

    #[test]
    fn message_survives_a_round_trip(tenant in any::<u128>(), batch in any::<u128>()) {
        let (tenant, batch) = (uuid::Uuid::from_u128(tenant), uuid::Uuid::from_u128(batch));
        let body = json!({"v": 1, "tenant_id": tenant, "batch_id": batch}).to_string();
        prop_assert!(tributary_queue::EnrichMessage::parse(&body).is_ok());
        message::check(body.as_bytes());
    }

    #[test]
    fn cursor_of_any_text_keeps_the_properties(
        text in any_text(), base64 in "[A-Za-z0-9_-]{0,60}",
    ) {
        cursor::check(text.as_bytes());
        cursor::check(base64.as_bytes());
    }

    #[test]
    fn cursor_survives_a_round_trip(days in 0_u64..40_000, id in any_text()) {
        let Ok(transaction_id) = text::accept_id(&id) else { return Ok(()) };
        let booked_on = limits::DATE_MIN + chrono::Days::new(days);
        let cursor = TransactionCursor { booked_on, transaction_id: transaction_id.to_owned() };
        let text = cursor.encode();
        cursor::check(text.as_bytes());
        prop_assert_eq!(text.parse(), Ok(cursor));
    }

    #[test]
    fn headers_of_any_bytes_keep_the_properties(
        bytes in vec(any::<u8>(), 0..200),
        scheme in "([Bb]earer|Basic)?[ \t]{0,3}",
        key in "[ -~]{0,140}",
    ) {
        key::check(&bytes);
        key::check(format!("{scheme}{key}").as_bytes());
        key::check(format!("\u{0}\n{key}").as_bytes());
    }
}

/// If no generated batch were valid, the round trip would never be checked.
#[test]
fn some_generated_batches_are_accepted() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..200).filter(|_| {
        let body = some_batch().new_tree(&mut runner).unwrap().current().to_string();
        IngestRequest::parse(body.as_bytes(), Format::Plain, request::now()).is_ok()
    });
    assert!(accepted.count() > 10);
}
