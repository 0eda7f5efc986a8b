//! Ids, names and words, in the requests of both formats.

use serde_json::{Value, json};
use tributary_domain::Format;
use tributary_domain::request::limits::{ID_BYTES_MAX, NAME_LENGTH_MAX, WORD_LENGTH_MAX};
use tributary_domain::text::{TextError, accept_id, clean};

use super::super::document::{at, validator};
use super::Checker;

/// White space of several kinds, which every field treats as blank.
const WHITE: [&str; 5] = ["", "  ", "\u{a0}\u{3000}", "\t\n", "\u{85}"];
/// Texts of which nothing remains once they are cleaned. No id may contain the first.
const FOLDED: [&str; 4] = ["\0", "\u{200b}\u{feff}\u{2060}", "\u{200e} \u{202c}", "\u{2069}"];

fn strings<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(|text| json!(text))
}

#[test]
fn id_has_its_limits() {
    for (format, fields) in [
        (
            Format::Plain,
            [
                ("/request_id", false),
                ("/accounts/0/account_id", true),
                ("/transactions/0/transaction_id", true),
                ("/transactions/0/account_id", true),
                ("/transactions/0/pending_transaction_id", false),
            ],
        ),
        (
            Format::Plaid,
            [
                ("/removed/0/account_id", false),
                ("/accounts/0/account_id", true),
                ("/added/0/transaction_id", true),
                ("/added/0/account_id", true),
                ("/added/0/pending_transaction_id", false),
            ],
        ),
    ] {
        let checker = Checker::new(format);
        for (pointer, required) in fields {
            let longest = "x".repeat(ID_BYTES_MAX);
            checker.assert_each(pointer, true, strings(["a", " a ", "\u{feff}", &longest]));
            checker.assert_each(pointer, true, [json!("é".repeat(ID_BYTES_MAX / 2))]);
            checker.assert_each(pointer, false, strings(["a\nb", "a\u{85}", "\0", "\u{7f}"]));
            checker.assert_each(pointer, false, [json!(longest + "x"), json!(5), json!(["a"])]);
            checker.assert_each(pointer, !required, strings(WHITE));
            checker.assert_each(pointer, !required, [Value::Null]);
            checker.assert_without(pointer, !required);
        }
    }
}

#[test]
fn text_has_its_limits() {
    for (format, fields) in [
        (
            Format::Plain,
            [
                ("/accounts/0/name", NAME_LENGTH_MAX, true),
                ("/accounts/0/type", WORD_LENGTH_MAX, true),
                ("/accounts/0/subtype", WORD_LENGTH_MAX, false),
                ("/accounts/0/mask", WORD_LENGTH_MAX, false),
                ("/transactions/0/name", NAME_LENGTH_MAX, false),
                ("/transactions/0/merchant_name", NAME_LENGTH_MAX, false),
                ("/transactions/0/payment_channel", WORD_LENGTH_MAX, false),
            ],
        ),
        (
            Format::Plaid,
            [
                ("/accounts/0/name", NAME_LENGTH_MAX, true),
                ("/accounts/0/type", WORD_LENGTH_MAX, true),
                ("/accounts/0/subtype", WORD_LENGTH_MAX, false),
                ("/accounts/0/mask", WORD_LENGTH_MAX, false),
                // The example has no merchant.
                ("/added/0/name", NAME_LENGTH_MAX, true),
                ("/added/0/merchant_name", NAME_LENGTH_MAX, false),
                ("/added/0/payment_channel", WORD_LENGTH_MAX, false),
            ],
        ),
    ] {
        let checker = Checker::new(format);
        for (pointer, length_max, required) in fields {
            let longest = "é".repeat(length_max);
            checker.assert_each(pointer, true, strings(["a", " a ", "a\nb", "\0a", &longest]));
            checker.assert_each(pointer, false, [json!(longest + "é"), json!(5), json!(["a"])]);
            checker.assert_each(pointer, !required, strings(WHITE));
            checker.assert_each(pointer, !required, strings(FOLDED));
            checker.assert_each(pointer, !required, [Value::Null]);
            checker.assert_without(pointer, !required);
        }
    }
}

#[test]
fn patterns_name_the_characters_of_the_code() {
    let schema = |name: &str| validator(at(&format!("/components/schemas/{name}")));
    let [id, optional_id, text, blank] = ["Id", "OptionalId", "Text", "Blank"].map(schema);
    let supplementary = ['\u{10000}', '\u{1f680}', '\u{e0020}', '\u{10ffff}'];
    for character in ('\0'..='\u{ffff}').chain(supplementary) {
        let sent = character.to_string();
        let json = json!(sent);
        let accepted = accept_id(&sent);
        assert_eq!(id.is_valid(&json), accepted.is_ok(), "{character:?}");
        let is_optional_id = !matches!(accepted, Err(TextError::Control));
        assert_eq!(optional_id.is_valid(&json), is_optional_id, "{character:?}");
        let is_blank = clean(&sent, 64) == Err(TextError::Blank);
        assert_eq!(blank.is_valid(&json), is_blank, "{character:?}");
        assert_eq!(text.is_valid(&json), !is_blank, "{character:?}");
    }
}

#[test]
fn names_and_words_have_the_pattern_of_texts() {
    let schema = |name: &str| at(&format!("/components/schemas/{name}"));
    for name in ["Name", "Word"] {
        assert_eq!(schema(name)["pattern"], schema("Text")["pattern"], "{name}");
    }
}

#[test]
fn transaction_has_a_name_or_a_merchant() {
    let checker = Checker::new(Format::Plain);
    for (name, merchant, accepted) in [
        (json!("AMZN"), Value::Null, true),
        (Value::Null, json!("Amazon"), true),
        (json!(" \n"), json!("Amazon"), true),
        (json!("AMZN"), json!("\u{200b}"), true),
        (Value::Null, Value::Null, false),
        (json!(" "), json!("\0"), false),
    ] {
        let mut body = checker.example();
        let transaction = &mut body["transactions"][0];
        (transaction["name"], transaction["merchant_name"]) = (name, merchant);
        checker.assert(&body, accepted, "a name and a merchant");
    }
}
