//! Amounts, currencies and counts.

use super::*;

#[test]
fn amount_is_parsed_exactly_and_not_through_a_float() {
    let text = example().to_string().replace("-42.5", "-100000000000000.07");
    let request = parse(text.as_bytes(), Format::Plain, now()).unwrap();
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
        assert_eq!(faults[0].place.as_str(), format!("/transactions/0/{pointer}"));
        assert!(faults[0].detail.contains(detail), "{faults:?}");
    }
}

#[test]
fn count_is_parsed_to_its_last_digit() {
    let with = |total: &str| {
        let text = example().to_string();
        let text =
            text.replace("\"total_transactions\":1", &format!("\"total_transactions\":{total}"));
        parse(text.as_bytes(), Format::Plain, now()).is_ok()
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
fn count_is_a_whole_number_in_any_notation() {
    let faults_of_total = |literal: &str| {
        let text = example().to_string();
        let text =
            text.replace("\"total_transactions\":1", &format!("\"total_transactions\":{literal}"));
        match parse(text.as_bytes(), Format::Plain, now()) {
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
        match parse(text.as_bytes(), Format::Plain, now()) {
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
            assert_eq!(faults[0].place.as_str(), "/transactions/0/amount");
            assert_eq!(faults[0].detail, "must have at most 64 characters");
        }
    }
}
