//! Valid and invalid bodies, with the pointers of their faults.

mod numbers;
mod removals;
mod texts;

use serde_json::{Value, json};

use super::*;
use crate::fault::Fault;
use crate::request::limits::{
    self, DEPTH_MAX, ID_BYTES_MAX, NUMBER_LENGTH_MAX, TRANSACTIONS_MAX, VALUES_MAX,
};

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
    parse(body.to_string().as_bytes(), Format::Plain, now())
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
        Err(RequestError::Invalid(faults)) => faults.into_iter().map(place_of).collect(),
        Err(error) => panic!("{error}"),
    }
}

fn place_of(fault: Fault) -> String {
    fault.place.as_str().to_owned()
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
    assert_eq!(transaction.booked_on.to_string(), "2025-10-30");
    assert_eq!(transaction.booked_at.unwrap().to_rfc3339(), "2025-10-30T08:00:00+00:00");
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
fn booking_day_is_the_day_as_written_and_the_instant_is_in_utc() {
    for (text, day, instant) in [
        ("2025-10-30", "2025-10-30", None),
        ("2025-10-30T23:30:00-02:00", "2025-10-30", Some("2025-10-31T01:30:00+00:00")),
        ("2025-07-11T00:30:00+01:00", "2025-07-11", Some("2025-07-10T23:30:00+00:00")),
        ("2025-10-30T00:00:00Z", "2025-10-30", Some("2025-10-30T00:00:00+00:00")),
    ] {
        let mut body = example();
        body["transactions"][0]["date"] = json!(text);
        let request = parse_value(&body).unwrap();
        let transaction = &request.transactions[0];
        assert_eq!(transaction.booked_on.to_string(), day);
        assert_eq!(transaction.booked_at.map(|at| at.to_rfc3339()).as_deref(), instant);
    }
}

#[test]
fn invalid_json_is_reported_with_its_position() {
    for body in [&b"{"[..], b"", b"\xff", b"{\"accounts\": [}", b"{} {}", b"\xef\xbb\xbf{}"] {
        assert!(
            matches!(parse(body, Format::Plain, now()), Err(RequestError::NotJson { .. })),
            "{body:?}"
        );
    }
    let error = parse(b"{\n\"\xff\"}", Format::Plain, now()).unwrap_err();
    assert_eq!(error, RequestError::NotJson { line: 2, column: 2 });
    let error = parse(b"{\n  nope}", Format::Plain, now()).unwrap_err();
    assert_eq!(error, RequestError::NotJson { line: 2, column: 3 });
}

#[test]
fn hundred_thousand_levels_are_rejected_without_overflow() {
    let levels = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    assert!(matches!(
        parse(levels(100_000).as_bytes(), Format::Plain, now()),
        Err(RequestError::Invalid(_))
    ));
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
    let Err(RequestError::Invalid(faults)) = parse(body.as_bytes(), Format::Plain, now()) else {
        panic!("{body:.99}")
    };
    let pointers: Vec<_> = faults.into_iter().map(place_of).collect();
    assert_eq!(pointers, [""]);
}

#[test]
fn faults_of_accounts_do_not_hide_faults_of_transactions() {
    let mut body = example();
    body["accounts"] = json!(5);
    body["transactions"][0]["name"] = json!(1);
    assert_eq!(faults_of(&body), ["/accounts", "/transactions/0/name"]);
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
fn mcc_is_an_alias_of_merchant_category_code() {
    let mut body = example();
    body["transactions"][0]["mcc"] = json!("5942");
    assert_eq!(faults_of(&body), [""; 0]);
    body["transactions"][0]["mcc"] = json!("5411");
    assert_eq!(faults_of(&body), ["/transactions/0/mcc"]);
    body["transactions"][0]["merchant_category_code"] = Value::Null;
    let request = parse_value(&body).unwrap();
    assert_eq!(request.transactions[0].merchant_category_code.as_deref(), Some("5411"));
}

#[test]
fn invalid_value_is_a_fault_at_its_pointer() {
    let transaction = |field: &str| format!("/transactions/0/{field}");
    for (pointer, value) in [
        ("/accounts/0/account_id".to_owned(), json!("")),
        ("/accounts/0/name".to_owned(), json!(5)),
        ("/accounts/0/type".to_owned(), Value::Null),
        ("/accounts/0/name".to_owned(), json!("\u{0}")),
        ("/total_transactions".to_owned(), json!(2)),
        ("/total_transactions".to_owned(), json!(-1)),
        ("/request_id".to_owned(), json!("r".repeat(ID_BYTES_MAX + 1))),
        (transaction("transaction_id"), json!("é".repeat(ID_BYTES_MAX / 2 + 1))),
        (transaction("transaction_id"), json!(["tx"])),
        (transaction("amount"), json!("12,50")),
        (transaction("amount"), json!(0.001)),
        (transaction("amount"), json!(true)),
        (transaction("amount"), Value::Null),
        (transaction("iso_currency_code"), json!("$$$")),
        (transaction("date"), json!("30.10.2025")),
        (transaction("date"), json!("1969-12-31")),
        (transaction("date"), json!("2026-12-07")),
        (transaction("date"), json!("2026-12-07T00:00:00+14:00")),
        (transaction("date"), json!("9999-01-01T00:00:00Z")),
        (transaction("authorized_date"), json!("2025-02-30")),
        (transaction("name"), json!(["name"])),
        (transaction("transaction_id"), json!("line\nbreak")),
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
    let longest = "é".repeat(ID_BYTES_MAX / 2);
    assert!(faults_with("/transactions/0/transaction_id", json!(longest)).is_empty());
    assert!(faults_with("/transactions/0/date", json!("1970-01-01")).is_empty());
    assert!(faults_with("/transactions/0/date", json!("2026-12-06")).is_empty());
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
    let Err(RequestError::Invalid(faults)) = parse(text.as_bytes(), Format::Plain, now()) else {
        panic!()
    };
    let pointers: Vec<_> = faults.into_iter().map(place_of).collect();
    assert_eq!(pointers, ["/transactions/0/pending"]);

    // In an unknown field as well.
    let text = example().to_string().replace("\"pending\":false", "\"x\":[{\"y\":1,\"y\":1}]");
    let Err(RequestError::Invalid(faults)) = parse(text.as_bytes(), Format::Plain, now()) else {
        panic!()
    };
    assert_eq!(faults[0].place.as_str(), "/transactions/0/x/0/y");
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
fn body_of_another_type_than_object_is_rejected() {
    for body in [json!([]), json!(null), json!("x"), json!(1)] {
        assert_eq!(faults_of(&body), [""]);
    }
    assert_eq!(faults_of(&json!({})), ["/total_transactions", "/accounts", "/transactions"]);
}
