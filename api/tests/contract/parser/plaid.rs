//! The request in Plaid's format.

use serde_json::{Value, json};
use tributary_domain::Format;
use tributary_domain::request::limits::TRANSACTIONS_MAX;

use super::Checker;

#[test]
fn body_has_at_least_one_of_its_arrays() {
    let checker = Checker::new(Format::Plaid);
    for field in ["transactions", "added", "modified", "removed", "removed_transactions"] {
        checker.assert(&json!({field: []}), true, field);
        checker.assert(&json!({field: null}), false, field);
        checker.assert_each(&format!("/{field}"), true, [json!([]), Value::Null]);
        let wrong = [json!({}), json!("a"), json!([5]), json!([null])];
        checker.assert_each(&format!("/{field}"), false, wrong);
    }
    checker.assert(&json!({}), false, "no array");
    checker.assert_without("/accounts", true);
    checker.assert_each("/accounts", true, [Value::Null]);
    checker.assert_each("/accounts", false, [json!({}), json!([5])]);
    checker.assert_each("/removed_transactions", true, [json!(["a", "b"])]);
    checker.assert_each("/removed_transactions", false, [json!([""]), json!(["a\n"])]);
    for body in [json!([]), json!("text"), Value::Null] {
        checker.assert(&body, false, "not an object");
    }
}

#[test]
fn fields_that_are_not_used_may_have_any_value() {
    let checker = Checker::new(Format::Plaid);
    for pointer in [
        "/total_transactions",
        "/request_id",
        "/item",
        "/next_cursor",
        "/accounts/0/balances",
        "/added/0/counterparties",
        "/added/0/personal_finance_category",
        "/added/0/location",
    ] {
        let values = [json!(4711), json!("x"), json!({"item_id": [1]}), json!([]), Value::Null];
        checker.assert_each(pointer, true, values);
        checker.assert_without(pointer, true);
    }
}

#[test]
fn times_are_optional_and_have_their_format() {
    let checker = Checker::new(Format::Plaid);
    for pointer in ["/added/0/datetime", "/added/0/authorized_datetime"] {
        let valid = ["2025-10-30T08:00:00Z", "2025-10-30T08:00:00.5+02:00", "", " "];
        checker.assert_each(pointer, true, valid.map(|text| json!(text)));
        checker.assert_each(pointer, true, [Value::Null]);
        let invalid = ["2025-10-30", "2025-10-30T08:00:00", "yesterday"].map(|text| json!(text));
        checker.assert_each(pointer, false, invalid);
        checker.assert_each(pointer, false, [json!(5), json!({})]);
        checker.assert_without(pointer, true);
    }
}

#[test]
fn transaction_follows_the_rules_of_the_plain_format() {
    let checker = Checker::new(Format::Plaid);
    for field in ["transaction_id", "account_id", "amount", "date", "iso_currency_code", "name"] {
        checker.assert_without(&format!("/added/0/{field}"), false);
    }
    checker.assert_each("/added/0/amount", true, [json!("-5.10"), json!(0)]);
    checker.assert_each("/added/0/amount", false, [json!(""), json!("x"), json!(1e28)]);
    checker.assert_each("/added/0/unofficial_currency_code", true, [json!(" ")]);
    checker.assert_each("/added/0/unofficial_currency_code", false, [json!("BTC")]);
    checker.assert_each("/added/0/authorized_date", true, [json!("2025-10-30"), json!("")]);
    checker.assert_each("/added/0/authorized_date", false, [json!("2025-02-30")]);
    checker.assert_each("/added/0/mcc", true, [json!("5942"), json!(""), Value::Null]);
    checker.assert_each("/added/0/mcc", false, [json!("594"), json!(5942)]);
    for pending in [json!(true), json!(false)] {
        let mut body = checker.example();
        body["added"][0]["pending_transaction_id"] = json!("tx_3");
        body["added"][0]["pending"] = pending.clone();
        checker.assert(&body, pending == false, "a transaction that replaces");
    }
}

#[test]
fn each_array_is_limited() {
    let checker = Checker::new(Format::Plaid);
    for (count, accepted) in [(TRANSACTIONS_MAX, true), (TRANSACTIONS_MAX + 1, false)] {
        let ids: Vec<_> = (0..count).map(|index| index.to_string()).collect();
        let transaction = checker.example()["added"][0].clone();
        let with_id = |id: &String| {
            let mut transaction = transaction.clone();
            transaction["transaction_id"] = json!(id);
            transaction
        };
        let accounts = checker.example()["accounts"].clone();
        let added: Value = ids.iter().map(with_id).collect();
        checker.assert(&json!({"accounts": accounts, "added": added}), accepted, "added");
        let removed: Value = ids.iter().map(|id| json!({"transaction_id": id})).collect();
        checker.assert(&json!({"removed": removed}), accepted, "removed");
        checker.assert(&json!({"removed_transactions": ids}), accepted, "ids");
    }
}
