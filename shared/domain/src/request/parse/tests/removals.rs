//! Removals, and bodies of Plaid in the wrong place.

use super::*;

#[test]
fn removals_are_parsed_and_count_towards_the_limit() {
    let removal = |id: &str| json!({"transaction_id": id});
    let mut body = example();
    body["removed"] = json!([{"transaction_id": "tx_0", "account_id": "acc_12345"}, removal("x")]);
    let request = parse_value(&body).unwrap();
    let account_id = Some("acc_12345".to_owned());
    let first = Removal { transaction_id: "tx_0".to_owned(), account_id };
    assert_eq!(request.removals.first(), Some(&first));
    assert_eq!(request.removals.get(1).unwrap().account_id, None);
    assert_eq!(request.removal_place(1).to_string(), "/removed/1");

    // Also without transactions.
    let mut only = with_transactions(0);
    only["removed"] = json!([removal("x")]);
    assert_eq!(faults_of(&only), [""; 0]);
    let mut full = with_transactions(TRANSACTIONS_MAX - 1);
    full["removed"] = json!([removal("x")]);
    assert_eq!(faults_of(&full), [""; 0]);
    full["removed"] = json!([removal("x"), removal("y")]);
    assert_eq!(faults_of(&full), ["/transactions"]);
}

#[test]
fn invalid_removal_is_a_fault() {
    for (removed, expected) in [
        (json!({}), "/removed"),
        (json!(["tx_0"]), "/removed/0"),
        (json!([{}]), "/removed/0/transaction_id"),
        (json!([{"transaction_id": "a\nb"}]), "/removed/0/transaction_id"),
        (json!([{"transaction_id": "a", "account_id": 5}]), "/removed/0/account_id"),
        (json!([{"transaction_id": "a"}, {"transaction_id": "a"}]), "/removed/1/transaction_id"),
        // Also in `transactions`.
        (json!([{"transaction_id": "tx_1"}]), "/removed/0/transaction_id"),
    ] {
        let mut body = example();
        body["removed"] = removed.clone();
        assert_eq!(faults_of(&body), [expected], "{removed}");
    }
}

#[test]
fn body_of_plaid_is_rejected_with_the_path_to_send_it_to() {
    for (field, value) in [
        ("added", json!([])),
        ("modified", json!([])),
        ("removed_transactions", json!(["a"])),
        ("item", json!({"item_id": "x"})),
        ("webhook_code", json!("TRANSACTIONS_REMOVED")),
    ] {
        let mut body = example();
        body[field] = value;
        let Err(RequestError::Invalid(faults)) = parse_value(&body) else { panic!("{field}") };
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].place.as_str(), format!("/{field}"));
        assert_eq!(faults[0].code, FaultCode::WrongPath);
        assert!(faults[0].detail.contains("/api/integrations/plaid/transactions"));
    }
}
