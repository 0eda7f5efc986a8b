//! Valid and invalid bodies, with the pointers of their faults.

use serde_json::{Value, json};

use super::*;
use crate::request::limits::{self, DEPTH_MAX, NUMBER_LENGTH_MAX, TRANSACTIONS_MAX, VALUES_MAX};

fn now() -> DateTime<Utc> {
    "2025-11-01T12:00:00Z".parse().unwrap()
}

/// The example of the contract.
fn example() -> Value {
    json!({
        "accounts": [{"account_id": "acc_12345", "name": "Business Checking", "type": "depository",
                      "subtype": "checking", "mask": "1111"}],
        "transactions": [{"transaction_id": "tx_1", "account_id": "acc_12345", "amount": -42.50,
                          "iso_currency_code": "USD", "date": "2025-10-30T08:00:00Z",
                          "authorized_date": "2025-10-30", "name": "AMZN Mktp US*2K4",
                          "merchant_name": "Amazon", "payment_channel": "online",
                          "merchant_category_code": "5942", "pending": false,
                          "pending_transaction_id": null}],
        "total_transactions": 1, "request_id": "req_abc123"
    })
}

fn parse_value(body: &Value) -> Result<IngestRequest, RequestError> {
    parse(body.to_string().as_bytes(), now())
}

/// The pointers of the faults of the example with one value replaced.
fn faults_with(pointer: &str, value: Value) -> Vec<String> {
    let mut body = example();
    *body.pointer_mut(pointer).unwrap() = value;
    faults_of(&body)
}

fn faults_of(body: &Value) -> Vec<String> {
    match parse_value(body) {
        Ok(_) => Vec::new(),
        Err(RequestError::Invalid(faults)) => faults.into_iter().map(|it| it.pointer).collect(),
        Err(error) => panic!("{error}"),
    }
}

fn with_transactions(count: usize) -> Value {
    let mut body = example();
    let template = body["transactions"][0].clone();
    let transactions = (0..count)
        .map(|index| {
            let mut transaction = template.clone();
            transaction["transaction_id"] = json!(format!("tx_{index}"));
            transaction
        })
        .collect();
    body["transactions"] = Value::Array(transactions);
    body["total_transactions"] = json!(count);
    body
}

#[test]
fn example_of_the_contract_is_parsed() {
    let request = parse_value(&example()).unwrap();
    assert_eq!(request.request_id.as_deref(), Some("req_abc123"));
    let account = request.accounts.first().unwrap();
    assert_eq!((account.account_id.as_str(), account.mask.as_deref()), ("acc_12345", Some("1111")));
    let transaction = request.transactions.first().unwrap();
    assert_eq!(transaction.money.amount().to_string(), "-42.50");
    assert_eq!(transaction.booked_at.to_rfc3339(), "2025-10-30T08:00:00+00:00");
    assert_eq!(transaction.merchant_category_code.as_deref(), Some("5942"));
    assert_eq!(transaction.pending_transaction_id, None);
}

#[test]
fn unknown_fields_are_ignored() {
    let mut body = example();
    body["transactions"][0]["location"] = json!({"city": "Toronto"});
    body["item"] = json!([1, 2]);
    assert!(parse_value(&body).is_ok());
}

#[test]
fn amount_is_parsed_exactly_and_not_through_a_float() {
    let text = example().to_string().replace("-42.5", "-100000000000000.07");
    let request = parse(text.as_bytes(), now()).unwrap();
    assert_eq!(request.transactions[0].money.amount().to_string(), "-100000000000000.07");
    assert!(faults_with("/transactions/0/amount", json!("-42.50")).is_empty());
}

#[test]
fn currency_is_either_of_iso_4217_or_unofficial() {
    let with = |iso: Value, unofficial: Value, amount: &str| {
        let mut body = example();
        let transaction = &mut body["transactions"][0];
        transaction["iso_currency_code"] = iso;
        transaction["unofficial_currency_code"] = unofficial;
        transaction["amount"] = json!(amount);
        body
    };
    for (iso, unofficial, amount, code) in [
        (Value::Null, json!("BTC"), "-0.00012345", "BTC"),
        (Value::Null, json!("GBX"), "0.000000000000000001", "GBX"),
        (json!("DEM"), Value::Null, "-42.50", "DEM"),
        (json!("ANG"), Value::Null, "99999999999999999999999999.99", "ANG"),
    ] {
        let request = parse_value(&with(iso, unofficial, amount)).unwrap();
        let money = request.transactions[0].money;
        assert_eq!((money.currency().code(), money.amount().to_string().as_str()), (code, amount));
    }
    for (iso, unofficial, pointer, detail) in [
        (Value::Null, Value::Null, "iso_currency_code", "exactly one must be set"),
        (json!("USD"), json!("BTC"), "unofficial_currency_code", "exactly one must be set"),
        (json!("BTC"), Value::Null, "iso_currency_code", "unofficial_currency_code"),
        (json!("GBp"), Value::Null, "iso_currency_code", "send GBP, with the amount in pounds"),
        (Value::Null, json!("usd"), "unofficial_currency_code", "send USD as iso_currency_code"),
        (Value::Null, json!("1234567890123"), "unofficial_currency_code", "1 to 12 printable"),
        (Value::Null, json!(5), "unofficial_currency_code", "must be a string"),
    ] {
        let Err(RequestError::Invalid(faults)) = parse_value(&with(iso, unofficial, "-1")) else {
            panic!("{detail}")
        };
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].pointer, format!("/transactions/0/{pointer}"));
        assert!(faults[0].detail.contains(detail), "{faults:?}");
    }
}

#[test]
fn plain_date_is_midnight_utc_and_an_offset_is_applied() {
    for (text, expected) in [
        ("2025-10-30", "2025-10-30T00:00:00+00:00"),
        ("2025-10-30T23:30:00-02:00", "2025-10-31T01:30:00+00:00"),
    ] {
        let mut body = example();
        body["transactions"][0]["date"] = json!(text);
        let request = parse_value(&body).unwrap();
        assert_eq!(request.transactions[0].booked_at.to_rfc3339(), expected);
    }
}

#[test]
fn invalid_json_is_reported_with_its_position() {
    for body in [&b"{"[..], b"", b"\xff", b"{\"accounts\": [}", b"{} {}", b"\xef\xbb\xbf{}"] {
        assert!(matches!(parse(body, now()), Err(RequestError::NotJson { .. })), "{body:?}");
    }
    let error = parse(b"{\n\"\xff\"}", now()).unwrap_err();
    assert_eq!(error, RequestError::NotJson { line: 2, column: 2 });
    let error = parse(b"{\n  nope}", now()).unwrap_err();
    assert_eq!(error, RequestError::NotJson { line: 2, column: 3 });
}

#[test]
fn hundred_thousand_levels_are_rejected_without_overflow() {
    let levels = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    assert!(matches!(parse(levels(100_000).as_bytes(), now()), Err(RequestError::Invalid(_))));
    let with_unknown = |count| {
        let mut body = example();
        body["transactions"][0]["location"] = serde_json::from_str(&levels(count)).unwrap();
        faults_of(&body)
    };
    // The body, its transactions and the transaction are three levels.
    assert_eq!(with_unknown(DEPTH_MAX - 3), [""; 0]);
    let place = format!("/transactions/0/location{}", "/0".repeat(DEPTH_MAX - 3));
    assert_eq!(with_unknown(DEPTH_MAX - 2), [place]);
}

#[test]
fn body_with_too_many_values_has_no_faults_about_its_unread_rest() {
    let zeros = "0,".repeat(VALUES_MAX);
    let body = format!(r#"{{"a":[{zeros}0],"accounts":[],"transactions":[]}}"#);
    let Err(RequestError::Invalid(faults)) = parse(body.as_bytes(), now()) else {
        panic!("{body:.99}")
    };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, [""]);
}

#[test]
fn count_is_parsed_to_its_last_digit() {
    let with = |total: &str| {
        let text = example().to_string();
        let text =
            text.replace("\"total_transactions\":1", &format!("\"total_transactions\":{total}"));
        parse(text.as_bytes(), now()).is_ok()
    };
    for total in ["1", "1.0", "10e-1", "10000000000000000000000000000000e-31"] {
        assert!(with(total), "{total}");
    }
    for total in
        ["2", "1.00000000000000000000000000001", "0.99999999999999999999999999999", "\"1\""]
    {
        assert!(!with(total), "{total}");
    }
}

#[test]
fn faults_of_accounts_do_not_hide_faults_of_transactions() {
    let mut body = example();
    body["accounts"] = json!(5);
    body["transactions"][0]["name"] = json!("");
    assert_eq!(faults_of(&body), ["/accounts", "/transactions/0/name"]);
}

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
fn value_of_another_type_is_rejected_whatever_its_length() {
    for field in ["pending", "amount", "date", "merchant_category_code"] {
        let place = format!("/transactions/0/{field}");
        assert_eq!(
            faults_with(&place, json!("\u{7f}".repeat(100_000))),
            std::slice::from_ref(&place)
        );
    }
}

#[test]
fn texts_are_stored_in_nfc_and_equivalent_ids_are_equal() {
    let mut body = example();
    let decomposed = "cafe\u{301}";
    for pointer in ["/accounts/0/account_id", "/transactions/0/transaction_id", "/request_id"] {
        *body.pointer_mut(pointer).unwrap() = json!(decomposed);
    }
    body["transactions"][0]["account_id"] = json!("café");
    body["transactions"][0]["merchant_name"] = json!(format!("{decomposed} \u{202e}\u{2066}🚀"));
    let request = parse_value(&body).unwrap();
    assert_eq!(request.accounts[0].account_id, request.transactions[0].account_id);
    assert_eq!(request.transactions[0].transaction_id, "café");
    assert_eq!(request.request_id.as_deref(), Some("café"));
    let merchant = request.transactions[0].merchant_name.as_deref();
    assert_eq!(merchant, Some("café \u{202e}\u{2066}🚀"));

    let mut body = with_transactions(2);
    body["transactions"][0]["transaction_id"] = json!(decomposed);
    body["transactions"][1]["transaction_id"] = json!("café");
    assert_eq!(faults_of(&body), ["/transactions/1/transaction_id"]);
}

#[test]
fn count_is_a_whole_number_in_any_notation() {
    let faults_of_total = |literal: &str| {
        let text = example().to_string();
        let text =
            text.replace("\"total_transactions\":1", &format!("\"total_transactions\":{literal}"));
        match parse(text.as_bytes(), now()) {
            Ok(_) => 0,
            Err(RequestError::Invalid(faults)) => faults.len(),
            Err(error) => panic!("{literal}: {error}"),
        }
    };
    for literal in ["1", "1.0", "1e0", "10E-1", "0.1e1"] {
        assert_eq!(faults_of_total(literal), 0, "{literal}");
    }
    let long = format!("1.{}", "0".repeat(NUMBER_LENGTH_MAX));
    for literal in ["1.5", "-1", "1e400", "\"1\"", "\"1.0\"", "true", "[1]", "1e99999999999", &long]
    {
        assert_eq!(faults_of_total(literal), 1, "{literal}");
    }
}

#[test]
fn number_over_the_length_limit_is_a_fault() {
    let with = |amount: &str| {
        let text = example().to_string().replace("-42.5", amount);
        match parse(text.as_bytes(), now()) {
            Ok(_) => Vec::new(),
            Err(RequestError::Invalid(faults)) => faults,
            Err(error) => panic!("{error}"),
        }
    };
    let longest = format!("1.{}", "0".repeat(NUMBER_LENGTH_MAX - 2));
    assert_eq!(with(&longest), []);
    assert_eq!(with(&format!("\"{longest}\"")), []);
    for too_long in [format!("{longest}0"), "9".repeat(1_000_000)] {
        for literal in [format!("\"{too_long}\""), too_long] {
            let faults = with(&literal);
            assert_eq!(faults[0].pointer, "/transactions/0/amount");
            assert_eq!(faults[0].detail, "must have at most 64 characters");
        }
    }
}

#[test]
fn invalid_value_is_a_fault_at_its_pointer() {
    let transaction = |field: &str| format!("/transactions/0/{field}");
    for (pointer, value) in [
        ("/accounts/0/account_id".to_owned(), json!("")),
        ("/accounts/0/name".to_owned(), json!(5)),
        ("/accounts/0/type".to_owned(), Value::Null),
        ("/accounts/0/mask".to_owned(), json!("\u{0}")),
        ("/total_transactions".to_owned(), json!(2)),
        ("/total_transactions".to_owned(), json!(-1)),
        ("/request_id".to_owned(), json!("r".repeat(129))),
        (transaction("transaction_id"), json!("x".repeat(129))),
        (transaction("transaction_id"), json!(["tx"])),
        (transaction("amount"), json!("12,50")),
        (transaction("amount"), json!(0.001)),
        (transaction("amount"), json!(true)),
        (transaction("amount"), Value::Null),
        (transaction("iso_currency_code"), json!("$$$")),
        (transaction("date"), json!("30.10.2025")),
        (transaction("date"), json!("1969-12-31")),
        (transaction("date"), json!("2025-11-04")),
        (transaction("date"), json!("9999-01-01T00:00:00Z")),
        (transaction("authorized_date"), json!("2025-02-30")),
        (transaction("name"), json!("line\nbreak")),
        (transaction("merchant_category_code"), json!("59A2")),
        (transaction("merchant_category_code"), json!("59421")),
        (transaction("pending"), json!("no")),
        (transaction("pending_transaction_id"), json!("tx_1")),
    ] {
        assert_eq!(faults_with(&pointer, value.clone()), [pointer.as_str()], "{pointer} {value}");
    }
}

#[test]
fn values_at_the_limits_are_accepted_and_over_them_rejected() {
    assert!(faults_with("/transactions/0/transaction_id", json!("é".repeat(128))).is_empty());
    assert!(faults_with("/transactions/0/date", json!("1970-01-01")).is_empty());
    assert!(faults_with("/transactions/0/date", json!("2025-11-03")).is_empty());
    assert!(faults_with("/accounts/0/name", json!("n".repeat(NAME_LENGTH_MAX))).is_empty());
    assert_eq!(faults_with("/accounts/0/name", json!("n".repeat(NAME_LENGTH_MAX + 1))).len(), 1);
    assert!(faults_of(&with_transactions(TRANSACTIONS_MAX)).is_empty());
    assert_eq!(faults_of(&with_transactions(TRANSACTIONS_MAX + 1)), ["/transactions"]);
    assert_eq!(faults_of(&with_transactions(0)), ["/transactions"]);
}

#[test]
fn all_faults_are_reported_at_once_up_to_a_hundred() {
    let mut body = with_transactions(200);
    for index in 0..200 {
        body["transactions"][index]["amount"] = json!("x");
    }
    body["accounts"] = json!([1]);
    let faults = faults_of(&body);
    assert_eq!(faults.len(), 100);
    assert_eq!(faults[..2], ["/accounts/0", "/transactions/0/amount"]);

    let mut body = example();
    body["transactions"][0] = json!({});
    assert_eq!(
        faults_of(&body),
        ["transaction_id", "account_id", "iso_currency_code", "amount", "date", "name"]
            .map(|field| format!("/transactions/0/{field}"))
    );
}

#[test]
fn repeated_id_is_a_fault_at_its_second_position() {
    let mut body = with_transactions(3);
    body["transactions"][2]["transaction_id"] = json!("tx_0");
    assert_eq!(faults_of(&body), ["/transactions/2/transaction_id"]);

    let mut body = example();
    let account = body["accounts"][0].clone();
    body["accounts"] = json!([account, account]);
    assert_eq!(faults_of(&body), ["/accounts/1/account_id"]);
}

#[test]
fn repeated_field_of_an_object_is_a_fault() {
    let text =
        example().to_string().replace("\"pending\":false", "\"pending\":false,\"pending\":true");
    let Err(RequestError::Invalid(faults)) = parse(text.as_bytes(), now()) else { panic!() };
    let pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(pointers, ["/transactions/0/pending"]);

    // In an unknown field as well.
    let text = example().to_string().replace("\"pending\":false", "\"x\":[{\"y\":1,\"y\":1}]");
    let Err(RequestError::Invalid(faults)) = parse(text.as_bytes(), now()) else { panic!() };
    assert_eq!(faults[0].pointer, "/transactions/0/x/0/y");
}

#[test]
fn pending_transaction_must_not_replace_another() {
    let mut body = example();
    body["transactions"][0]["pending"] = json!(true);
    assert!(faults_of(&body).is_empty());
    body["transactions"][0]["pending_transaction_id"] = json!("tx_0");
    assert_eq!(faults_of(&body), ["/transactions/0/pending_transaction_id"]);
}

#[test]
fn lone_surrogate_is_invalid_json() {
    let text = example().to_string().replace("AMZN Mktp US*2K4", "\\ud800");
    let column = text.find("\\ud800").unwrap() + 1;
    assert_eq!(parse(text.as_bytes(), now()), Err(RequestError::NotJson { line: 1, column }));
    let text = format!("\n{}", text.replace(",\"transactions\"", "\n,\"transactions\""));
    let error = parse(text.as_bytes(), now()).unwrap_err();
    assert!(matches!(error, RequestError::NotJson { line: 3, .. }), "{error}");
}

#[test]
fn body_of_another_type_than_object_is_rejected() {
    for body in [json!([]), json!(null), json!("x"), json!(1)] {
        assert_eq!(faults_of(&body), [""]);
    }
    assert_eq!(faults_of(&json!({})), ["/total_transactions", "/accounts", "/transactions"]);
}
