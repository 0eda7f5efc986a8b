//! Bodies in the shape of Plaid's.

use serde_json::{Value, json};

use super::*;
use crate::request::{Format, RequestError};

fn transaction(id: &str, amount: &str) -> Value {
    json!({
        "transaction_id": id,
        "account_id": "checking",
        "account_owner": null,
        "amount": serde_json::from_str::<Value>(amount).unwrap(),
        "iso_currency_code": "USD",
        "unofficial_currency_code": null,
        "check_number": null,
        "date": "2025-10-30",
        "datetime": "2025-10-30T15:10:09Z",
        "authorized_date": null,
        "authorized_datetime": "2025-10-29T08:01:58Z",
        "name": "CORNER DELI 0042",
        "merchant_name": null,
        "merchant_entity_id": null,
        "counterparties": [
            {"name": "Courier", "type": "marketplace", "confidence_level": "HIGH"},
            {"name": "Corner Deli", "type": "merchant", "confidence_level": "VERY_HIGH"},
        ],
        "location": {"city": null, "lat": null},
        "payment_meta": {"payee": null},
        "payment_channel": "in store",
        "pending": false,
        "pending_transaction_id": null,
        "personal_finance_category": {
            "primary": "FOOD_AND_DRINK", "detailed": "FOOD_AND_DRINK_FAST_FOOD",
            "confidence_level": "LOW",
        },
        "transaction_type": "place",
    })
}

fn account() -> Value {
    json!({
        "account_id": "checking",
        "balances": {
            "available": 100, "current": 110.94, "limit": null, "iso_currency_code": "USD",
            "unofficial_currency_code": null, "last_updated_datetime": "2025-10-30T16:00:00Z",
        },
        "mask": "0000", "name": "Everyday", "official_name": "Everyday Account",
        "subtype": "checking", "type": "depository",
    })
}

fn get_page(transactions: Value) -> Value {
    json!({
        "accounts": [account()], "transactions": transactions,
        "item": {"item_id": "it", "webhook": ""}, "total_transactions": 4711, "request_id": "45QSn",
    })
}

fn sync_page(added: Value, modified: Value, removed: Value) -> Value {
    json!({
        "accounts": [account()], "added": added, "modified": modified, "removed": removed,
        "next_cursor": "tVUUL15lYQN5rBnfDIc1I8xudpGdIlw9nsgeXWvhOfkECvUeR663i3Dt1uf", "has_more": false,
        "request_id": "Wvhy9PZHQLV8njG", "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE",
    })
}

fn parse(body: &Value) -> Result<IngestRequest, RequestError> {
    let now = "2025-11-01T12:00:00Z".parse().unwrap();
    IngestRequest::parse(body.to_string().as_bytes(), Format::Plaid, now)
}

fn faults_of(body: &Value) -> Vec<String> {
    match parse(body) {
        Err(RequestError::Invalid(faults)) => {
            faults.into_iter().map(|it| it.place.as_str().to_owned()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn ids(request: &IngestRequest) -> (Vec<&str>, Vec<&str>) {
    let sent = request.transactions.iter().map(|it| it.transaction_id.as_str());
    let removed = request.removals.iter().map(|it| it.transaction_id.as_str());
    (sent.collect(), removed.collect())
}

#[test]
fn page_is_accepted_as_it_stands_and_its_sign_is_turned_round() {
    let body = get_page(json!([transaction("a", "28.34"), transaction("b", "-0.50")]));
    let request = parse(&body).unwrap();
    let amounts: Vec<_> =
        request.transactions.iter().map(|it| it.money.amount().to_string()).collect();
    assert_eq!(amounts, ["-28.34", "0.50"]);
    assert_eq!(request.request_id, None, "Plaid's id is not an idempotency key");
    let zero = parse(&get_page(json!([transaction("a", "0")]))).unwrap();
    assert_eq!(zero.transactions[0].money.amount().to_string(), "0.00");
}

#[test]
fn fields_of_plaid_complete_a_transaction() {
    let request = parse(&get_page(json!([transaction("a", "1")]))).unwrap();
    let parsed = request.transactions.first().unwrap();
    assert_eq!(parsed.booked_on.to_string(), "2025-10-30");
    assert_eq!(parsed.booked_at.unwrap().to_rfc3339(), "2025-10-30T15:10:09+00:00");
    assert_eq!(parsed.authorized_on.unwrap().to_string(), "2025-10-29");
    assert_eq!(parsed.merchant_name.as_deref(), Some("Corner Deli"));
    assert_eq!(parsed.bank_category.as_deref(), Some("FOOD_AND_DRINK_FAST_FOOD"));

    let mut body = get_page(json!([transaction("a", "1")]));
    let sent = &mut body["transactions"][0];
    sent["merchant_name"] = json!("Deli");
    sent["authorized_date"] = json!("2025-10-28");
    for field in ["personal_finance_category", "counterparties", "datetime"] {
        sent[field] = Value::Null;
    }
    let request = parse(&body).unwrap();
    let parsed = request.transactions.first().unwrap();
    assert_eq!(parsed.authorized_on.unwrap().to_string(), "2025-10-28");
    assert_eq!(parsed.merchant_name.as_deref(), Some("Deli"));
    assert_eq!((parsed.booked_at, parsed.bank_category.as_deref()), (None, None));
}

#[test]
fn balances_are_kept_with_their_time_and_currency() {
    let request = parse(&get_page(json!([]))).unwrap();
    let balances = request.accounts[0].balances.as_ref().unwrap();
    assert_eq!(balances.current.unwrap().to_string(), "110.94");
    assert_eq!((balances.available.unwrap().to_string().as_str(), balances.limit), ("100", None));
    assert_eq!(balances.currency.as_deref(), Some("USD"));
    assert_eq!(balances.updated_at.unwrap().to_rfc3339(), "2025-10-30T16:00:00+00:00");
}

#[test]
fn evidence_in_an_unknown_format_is_passed_over() {
    let mut body = get_page(json!([transaction("a", "1")]));
    body["accounts"][0]["balances"] = json!([1]);
    body["transactions"][0]["counterparties"] = json!({"name": 5});
    for category in [json!("FOOD"), json!({"detailed": 5}), json!({"detailed": "food & drink"})] {
        body["transactions"][0]["personal_finance_category"] = category;
        let request = parse(&body).unwrap();
        assert_eq!(request.accounts[0].balances, None);
        assert_eq!(request.transactions[0].bank_category, None);
        assert_eq!(request.transactions[0].merchant_name, None);
    }
}

#[test]
fn modified_has_precedence_over_added_and_removed_over_both() {
    let body = sync_page(
        json!([transaction("a", "1"), transaction("b", "2"), transaction("c", "3")]),
        json!([transaction("b", "5"), transaction("d", "4")]),
        json!([{"transaction_id": "c"}, {"transaction_id": "e", "account_id": "checking"}]),
    );
    let request = parse(&body).unwrap();
    assert_eq!(ids(&request), (vec!["a", "b", "d"], vec!["c", "e"]));
    assert_eq!(request.transactions[1].money.amount().to_string(), "-5.00");
    assert_eq!(request.transaction_place(1).to_string(), "/modified/0");
    assert_eq!(request.removals[1].account_id.as_deref(), Some("checking"));
}

#[test]
fn webhook_of_removed_transactions_is_accepted() {
    let body = json!({
        "webhook_type": "TRANSACTIONS", "webhook_code": "TRANSACTIONS_REMOVED", "item_id": "it",
        "removed_transactions": ["a", "b", "a"], "error": null,
    });
    let request = parse(&body).unwrap();
    assert_eq!(ids(&request), (vec![], vec!["a", "b"]));
    let mut body = body;
    body["removed_transactions"] = json!(["a", 5, ""]);
    assert_eq!(faults_of(&body), ["/removed_transactions/1", "/removed_transactions/2"]);
}

#[test]
fn empty_page_is_accepted() {
    for body in [get_page(json!([])), sync_page(json!([]), json!([]), json!([]))] {
        assert_eq!(ids(&parse(&body).unwrap()), (vec![], vec![]));
    }
}

#[test]
fn body_that_is_no_response_of_plaid_is_rejected() {
    assert_eq!(faults_of(&json!({"error_code": "ITEM_LOGIN_REQUIRED"})), ["/transactions"]);
    assert_eq!(faults_of(&json!([])), [""]);
    let body = sync_page(json!({}), json!([5]), Value::Null);
    assert_eq!(faults_of(&body), ["/added"]);
}

#[test]
fn faults_point_into_the_array_that_they_are_in() {
    let mut faulty = transaction("b", "1");
    faulty["iso_currency_code"] = json!("$$$");
    faulty["datetime"] = json!("yesterday");
    let twice = json!([transaction("x", "1"), transaction("x", "1")]);
    let body = sync_page(twice, json!([faulty]), json!([{"transaction_id": 5}]));
    assert_eq!(
        faults_of(&body),
        [
            "/added/1/transaction_id",
            "/modified/0/iso_currency_code",
            "/modified/0/datetime",
            "/removed/0/transaction_id",
        ]
    );
}

#[test]
fn transactions_and_removals_together_are_limited() {
    let added: Vec<_> =
        (0..TRANSACTIONS_MAX).map(|index| transaction(&index.to_string(), "1")).collect();
    let mut body = sync_page(json!(added), json!([]), json!([{"transaction_id": "0"}]));
    // The removal takes the place of an added one.
    assert!(parse(&body).is_ok());
    body["removed"] = json!([{"transaction_id": "x"}]);
    assert_eq!(faults_of(&body), [""]);
}
