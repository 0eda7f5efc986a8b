//! Texts and ids.

use super::*;

#[test]
fn characters_in_another_form_than_nfc_are_limited() {
    let text = "e\u{301}".repeat(limits::NAME_LENGTH_MAX / 2);
    let texts = limits::NORMALISED_CHARACTERS_MAX / limits::NAME_LENGTH_MAX;
    let left = limits::NORMALISED_CHARACTERS_MAX % limits::NAME_LENGTH_MAX;
    let with = |last: String| {
        let mut body = with_transactions(texts + 2);
        for transaction in body["transactions"].as_array_mut().unwrap() {
            transaction["name"] = json!(text);
        }
        body["transactions"][texts]["name"] = json!(last);
        // Texts in NFC do not count.
        body["transactions"][texts + 1]["name"] = json!("é".repeat(limits::NAME_LENGTH_MAX));
        faults_of(&body)
    };
    let last = format!("e\u{301}{}", "é".repeat(left - 2));
    assert_eq!(with(last.clone()), [""; 0]);
    assert_eq!(with(last + "é"), [""]);
}

#[test]
fn texts_are_cleaned_and_ids_are_kept_exactly() {
    let mut body = example();
    let decomposed = "cafe\u{301}";
    for pointer in ["/transactions/0/transaction_id", "/request_id"] {
        *body.pointer_mut(pointer).unwrap() = json!(decomposed);
    }
    body["accounts"][0]["name"] = json!("  Business\tChecking ");
    body["transactions"][0]["name"] = json!("Loan 1000\nrate 1.4%");
    body["transactions"][0]["merchant_name"] = json!(format!("{decomposed}\u{200b}🚀\u{feff}"));
    let request = parse_value(&body).unwrap();
    assert_eq!(request.accounts[0].name, "Business Checking");
    let transaction = &request.transactions[0];
    assert_eq!(transaction.transaction_id, decomposed);
    assert_eq!(request.request_id.as_deref(), Some(decomposed));
    assert_eq!(transaction.description, "Loan 1000 rate 1.4%");
    assert_eq!(transaction.merchant_name.as_deref(), Some("café 🚀"));

    let mut body = with_transactions(2);
    body["transactions"][0]["transaction_id"] = json!(decomposed);
    body["transactions"][1]["transaction_id"] = json!("café");
    assert_eq!(faults_of(&body), [""; 0], "different ids");
}

#[test]
fn blank_optional_fields_count_as_missing() {
    let mut body = example();
    for field in ["subtype", "mask"] {
        body["accounts"][0][field] = json!(" ");
    }
    for field in [
        "authorized_date",
        "merchant_name",
        "payment_channel",
        "merchant_category_code",
        "pending_transaction_id",
    ] {
        body["transactions"][0][field] = json!("");
    }
    body["request_id"] = json!("\u{3000}");
    let request = parse_value(&body).unwrap();
    assert_eq!((&request.accounts[0].subtype, &request.accounts[0].mask), (&None, &None));
    assert_eq!(request.request_id, None);
    let transaction = &request.transactions[0];
    assert_eq!(transaction.authorized_on, None);
    assert_eq!(transaction.merchant_name, None);
    assert_eq!(transaction.payment_channel, None);
    assert_eq!(transaction.merchant_category_code, None);
    assert_eq!(transaction.pending_transaction_id, None);
}

#[test]
fn name_may_be_missing_where_the_merchant_is_known() {
    for name in [Value::Null, json!(" ")] {
        let mut body = example();
        body["transactions"][0]["name"] = name;
        assert_eq!(parse_value(&body).unwrap().transactions[0].description, "Amazon");
        body["transactions"][0]["merchant_name"] = json!("");
        assert_eq!(faults_of(&body), ["/transactions/0/name"]);
    }
}

#[test]
fn lone_surrogate_is_invalid_json() {
    let text = example().to_string().replace("AMZN Mktp US*2K4", "\\ud800");
    let column = text.find("\\ud800").unwrap() + 1;
    assert_eq!(
        parse(text.as_bytes(), Format::Plain, now()),
        Err(RequestError::NotJson { line: 1, column })
    );
    let text = format!("\n{}", text.replace(",\"transactions\"", "\n,\"transactions\""));
    let error = parse(text.as_bytes(), Format::Plain, now()).unwrap_err();
    assert!(matches!(error, RequestError::NotJson { line: 3, .. }), "{error}");
}
