//! The request in Tributary's own format.

use serde_json::{Value, json};
use tributary_domain::request::limits::{
    ACCOUNTS_MAX, FIELD_NAME_LENGTH_MAX, FIELDS_MAX, NUMBER_LENGTH_MAX, TRANSACTIONS_MAX,
};
use tributary_domain::{Currency, Format};

use super::Checker;

#[test]
fn amount_has_its_limits() {
    let checker = Checker::new(Format::Plain);
    let pointer = "/transactions/0/amount";
    checker.assert_each(pointer, true, [json!(-42.5), json!(0), json!(i64::MAX)]);
    let most = format!("-{}.99", "9".repeat(26));
    checker.assert_each(pointer, true, [json!(most)]);
    let texts = ["-42.50", "007.5", "1.2E+3", "4250e-2", "-0"];
    checker.assert_each(pointer, true, texts.map(|text| json!(text)));
    checker.assert_each(pointer, false, [json!(1e28), json!(-1e28), json!(true), Value::Null]);
    let texts = ["", "+1", " 1", "1.", ".5", "1e", "NaN", "1,5", "--1"];
    checker.assert_each(pointer, false, texts.map(|text| json!(text)));
    checker.assert_without(pointer, false);
    let longest = format!("1.{}", "0".repeat(NUMBER_LENGTH_MAX - 2));
    checker.assert_each(pointer, true, [json!(longest)]);
    checker.assert_each(pointer, false, [json!(longest + "0")]);
}

#[test]
fn object_has_its_limits_whatever_its_fields_are() {
    let checker = Checker::new(Format::Plain);
    for object in ["", "/accounts/0", "/transactions/0"] {
        let with = |names: &mut dyn Iterator<Item = String>| {
            let mut body = checker.example();
            let fields = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
            let left = FIELDS_MAX - fields.len();
            fields.extend(names.take(left + 1).map(|name| (name, json!(0))));
            body
        };
        let mut names = (0..).map(|index| format!("unknown_{index}"));
        let mut body = with(&mut names);
        checker.assert(&body, false, "too many fields");
        body.pointer_mut(object).unwrap().as_object_mut().unwrap().remove("unknown_0").unwrap();
        checker.assert(&body, true, "the maximum of fields");
        for (length, accepted) in
            [(FIELD_NAME_LENGTH_MAX, true), (FIELD_NAME_LENGTH_MAX + 1, false)]
        {
            let body = with(&mut std::iter::once("é".repeat(length)));
            checker.assert(&body, accepted, "a long name");
        }
    }
}

#[test]
fn codes_dates_and_flags_have_their_format() {
    let checker = Checker::new(Format::Plain);
    for (field, required, accepted, rejected) in [
        (
            "iso_currency_code",
            true,
            json!(["EUR", "DEM", "ANG"]),
            json!(["usd", "US", "USDX", "GBp", "", 840]),
        ),
        (
            "date",
            true,
            json!(["2025-10-30", "2025-10-30T08:00:00Z", "2025-10-30T08:00:00.5+02:00"]),
            json!(["2025-02-30", "2025-10-30T08:00:00", "20251030", "today", "", 1_761_811_200]),
        ),
        (
            "authorized_date",
            false,
            json!(["2025-10-30", "", " "]),
            json!(["2025-02-30", "2025-10-30T08:00:00Z", 5]),
        ),
        (
            "merchant_category_code",
            false,
            json!(["5942", "0000", "", "\u{200b}"]),
            json!(["594", "59420", "594a", 5942]),
        ),
        ("mcc", false, json!(["5942", ""]), json!(["594", "59420", "594a", 5942])),
        ("pending", false, json!([true, false]), json!(["true", 0])),
    ] {
        let pointer = format!("/transactions/0/{field}");
        checker.assert_each(&pointer, true, accepted.as_array().unwrap().clone());
        checker.assert_each(&pointer, false, rejected.as_array().unwrap().clone());
        checker.assert_each(&pointer, !required, [Value::Null]);
        checker.assert_without(&pointer, !required);
    }
}

#[test]
fn exactly_one_currency_code_is_set() {
    let checker = Checker::new(Format::Plain);
    let with = |iso: Value, unofficial: Value| {
        let mut body = checker.example();
        body["transactions"][0]["iso_currency_code"] = iso;
        body["transactions"][0]["unofficial_currency_code"] = unofficial;
        body
    };
    let longest = "x".repeat(Currency::UNOFFICIAL_LENGTH_MAX);
    for (iso, unofficial, accepted) in [
        (json!("USD"), Value::Null, true),
        (Value::Null, json!("BTC"), true),
        (Value::Null, json!("!~"), true),
        (Value::Null, json!(longest), true),
        (Value::Null, json!(longest + "x"), false),
        (Value::Null, json!("B C"), false),
        (Value::Null, json!("₿"), false),
        (Value::Null, json!(""), false),
        (Value::Null, json!(5), false),
        (Value::Null, Value::Null, false),
        (json!("USD"), json!("BTC"), false),
        (json!("USD"), json!(" "), true),
        (json!(""), json!("BTC"), true),
        (json!(""), json!("\u{200b}"), false),
    ] {
        let what = format!("{iso} and {unofficial}");
        checker.assert(&with(iso, unofficial), accepted, &what);
    }
    let mut body = checker.example();
    let transaction = body["transactions"][0].as_object_mut().unwrap();
    transaction.remove("iso_currency_code").unwrap();
    transaction.insert("unofficial_currency_code".to_owned(), json!("BTC"));
    checker.assert(&body, true, "only the unofficial code");
}

#[test]
fn pending_transaction_cannot_replace_another() {
    let checker = Checker::new(Format::Plain);
    for (pending, replaced, accepted) in [
        (json!(true), json!("tx_0"), false),
        (json!(true), Value::Null, true),
        (json!(true), json!(" \n"), true),
        (json!(false), json!("tx_0"), true),
        (Value::Null, json!("tx_0"), true),
    ] {
        let mut body = checker.example();
        body["transactions"][0]["pending"] = pending;
        body["transactions"][0]["pending_transaction_id"] = replaced;
        checker.assert(&body, accepted, "a transaction that replaces");
    }
}

#[test]
fn body_has_its_format_and_unknown_fields_are_ignored() {
    let checker = Checker::new(Format::Plain);
    checker.assert(&checker.example(), true, "the example");
    for object in ["", "/accounts/0", "/transactions/0"] {
        let mut body = checker.example();
        body.pointer_mut(object).unwrap()["unknown"] = json!({"nested": ["a", 1, "b"]});
        checker.assert(&body, true, object);
    }
    checker.assert_each("/accounts", true, [json!([])]);
    checker.assert_each("/accounts", false, [Value::Null, json!({}), json!([5])]);
    checker.assert_each("/transactions", false, [Value::Null, json!([]), json!([null])]);
    checker.assert_each("/total_transactions", true, [json!(1), json!(1.0)]);
    checker.assert_each(
        "/total_transactions",
        false,
        [json!("1"), json!(0.5), json!(-1), Value::Null],
    );
    for field in ["/accounts", "/transactions", "/total_transactions"] {
        checker.assert_without(field, false);
    }
    checker.assert_each("/removed", true, [Value::Null, json!([])]);
    checker.assert_each("/removed", true, [json!([{"transaction_id": "tx_0", "x": 5}])]);
    checker.assert_each("/removed", false, [json!({}), json!(["tx_0"]), json!([{}])]);
    for body in [json!([]), json!("text"), Value::Null] {
        checker.assert(&body, false, "not an object");
    }
}

#[test]
fn batch_has_transactions_or_removals() {
    let checker = Checker::new(Format::Plain);
    let removal = json!([{"transaction_id": "tx_0", "account_id": null}]);
    for (removed, accepted) in [(removal, true), (json!([]), false), (Value::Null, false)] {
        let body = json!({
            "accounts": [], "transactions": [], "removed": removed, "total_transactions": 0,
        });
        checker.assert(&body, accepted, "no transactions");
    }
}

#[test]
fn body_of_plaid_belongs_to_its_own_path() {
    let checker = Checker::new(Format::Plain);
    for field in ["/added", "/modified", "/removed_transactions", "/webhook_code"] {
        checker.assert_each(field, true, [Value::Null]);
        checker.assert_each(field, false, [json!([]), json!("x")]);
    }
    checker.assert_each("/item", true, [Value::Null, json!({"id": 5}), json!("item_id")]);
    checker.assert_each("/item", false, [json!({"item_id": "x"})]);
}

#[test]
fn transactions_and_accounts_of_a_batch_are_limited() {
    let checker = Checker::new(Format::Plain);
    for (count, accepted) in [(TRANSACTIONS_MAX, true), (TRANSACTIONS_MAX + 1, false)] {
        let mut body = checker.example();
        body["transactions"] = copies(&body["transactions"][0], "transaction_id", count);
        body["total_transactions"] = json!(count);
        checker.assert(&body, accepted, "many transactions");
    }
    for (count, accepted) in [(ACCOUNTS_MAX, true), (ACCOUNTS_MAX + 1, false)] {
        let mut body = checker.example();
        body["accounts"] = copies(&body["accounts"][0], "account_id", count);
        checker.assert(&body, accepted, "many accounts");
    }
}

fn copies(element: &Value, id: &str, count: usize) -> Value {
    let copy = |index| {
        let mut copy = element.clone();
        copy[id] = json!(format!("id_{index}"));
        copy
    };
    (0..count).map(copy).collect()
}
