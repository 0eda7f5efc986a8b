//! Amounts: digits, decimals and how they are written.

use super::*;

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn read(text: &str, code: &str) -> Result<String, AmountError> {
    Money::parse(text, currency(code)).map(|money| serde_json::to_string(&money).unwrap())
}

#[test]
fn amount_keeps_its_exact_value_with_the_decimals_of_its_currency() {
    for (text, code, expected) in [
        ("-42.50", "USD", "-42.50"),
        ("0.1", "USD", "0.10"),
        ("7", "USD", "7.00"),
        ("1.500", "USD", "1.50"),
        ("12e-1", "USD", "1.20"),
        ("1.2E+3", "JPY", "1200"),
        ("0.001", "BHD", "0.001"),
        ("-0", "USD", "0.00"),
        ("0e99999999999999999999", "USD", "0.00"),
        ("007.5", "EUR", "7.50"),
        ("999999999999999.99", "USD", "999999999999999.99"),
        ("0.00000000000000000000000000000000000000000", "USD", "0.00"),
    ] {
        assert_eq!(read(text, code).unwrap(), expected, "{text} {code}");
    }
}

#[test]
fn amount_finer_than_the_minor_unit_is_rejected() {
    for (text, code) in
        [("0.001", "USD"), ("0.5", "JPY"), ("1e-3", "USD"), ("1e-99999999999999999999", "USD")]
    {
        assert!(matches!(read(text, code), Err(AmountError::TooFine(_))), "{text} {code}");
    }
}

#[test]
fn amount_has_at_most_28_digits_with_the_decimals_of_its_currency() {
    let nines = "9".repeat(28);
    for (code, decimals) in [("USD", 2), ("JPY", 0), ("BHD", 3), ("CLF", 4)] {
        let (whole, fraction) = nines.split_at(28 - decimals);
        let most = format!("-{whole}.{fraction}0");
        let written = read(&most, code).unwrap();
        assert_eq!(written, format!("-{whole}.{fraction}").trim_end_matches('.'), "{code}");
        let error = Err(AmountError::TooLong { decimals: u32::try_from(decimals).unwrap() });
        // The decimals count even where they are not sent.
        for one_more in [format!("1{}", "0".repeat(whole.len())), format!("1e{}", whole.len())] {
            assert_eq!(read(&one_more, code), error, "{one_more} {code}");
        }
    }
    for text in ["1e99999999999999999999", &"9".repeat(10_000)] {
        assert_eq!(read(text, "USD"), Err(AmountError::TooLong { decimals: 2 }), "{text}");
    }
    let error = read("1e26", "USD").unwrap_err().to_string();
    assert_eq!(error, "has more than 28 digits, the 2 after the point included");
}

fn read_bitcoin(text: &str) -> Result<String, AmountError> {
    let bitcoin = Currency::unofficial("BTC").unwrap();
    Money::parse(text, bitcoin).map(|money| serde_json::to_string(&money).unwrap())
}

#[test]
fn amount_of_an_unofficial_currency_is_written_without_trailing_zeros() {
    for (text, expected) in [
        ("-0.00012345", "-0.00012345"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1e3", "1000"),
        ("0.000", "0"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("1e27", "1000000000000000000000000000"),
        ("9999999999.999999999999999999", "9999999999.999999999999999999"),
    ] {
        assert_eq!(read_bitcoin(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn amount_of_an_unofficial_currency_has_at_most_18_decimals_and_28_digits() {
    let currency = Currency::unofficial("BTC").unwrap();
    for text in ["0.0000000000000000001", "1e-19"] {
        assert_eq!(read_bitcoin(text), Err(AmountError::TooFine(currency)), "{text}");
    }
    for (text, decimals) in
        [("10000000000.000000000000000001", 18), ("100000000000000000000000000.01", 2), ("1e28", 0)]
    {
        assert_eq!(read_bitcoin(text), Err(AmountError::TooLong { decimals }), "{text}");
    }
}

#[test]
fn text_that_is_not_a_number_is_rejected() {
    for text in ["", "-", "+1", "1.", ".5", "1e", "1e+", "NaN", "0x1", "1,5", "1 ", "--1", "١"] {
        assert_eq!(read(text, "USD"), Err(AmountError::NotANumber), "{text:?}");
    }
}

#[test]
fn sums_are_exact() {
    let sum = Money::parse("0.10", currency("USD")).unwrap().amount()
        + Money::parse("0.20", currency("USD")).unwrap().amount();
    assert_eq!(serde_json::to_string(&Money::new(sum, currency("USD"))).unwrap(), "0.30");
}

#[test]
fn stored_amount_keeps_every_digit() {
    let written = |amount: &str, currency: Currency| {
        serde_json::to_string(&Money::new(amount.parse().unwrap(), currency)).unwrap()
    };
    assert_eq!(written("-42.5", currency("USD")), "-42.50");
    assert_eq!(written("7", currency("JPY")), "7");
    // Never stored, but not rounded either.
    assert_eq!(written("0.001", currency("USD")), "0.001");
    let bitcoin = Currency::unofficial("BTC").unwrap();
    assert_eq!(written("0.500", bitcoin), "0.5");
    assert_eq!(written("0.000", bitcoin), "0");
}
