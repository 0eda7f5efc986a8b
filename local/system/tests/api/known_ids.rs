//! Transactions that are already known: sent again, corrected, posted, or under a reused id.

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{TRANSACTIONS, account, payload, transaction};

fn with(mut transaction: Value, members: &[(&str, Value)]) -> Value {
    for (name, value) in members {
        transaction[*name] = value.clone();
    }
    transaction
}

fn pending(id: &str, amount: &str) -> Value {
    with(transaction(id, amount), &[("pending", json!(true))])
}

#[tokio::test]
async fn known_transaction_under_another_account_is_rejected_and_nothing_moves() {
    let tenant = Tenant::new("known: other account").await;
    let mut body = payload(&[transaction("t", "-10")]);
    body["accounts"] = json!([account("acc"), account("b")]);
    tenant.api.finished(&tenant.api.accept(&body).await).await;
    let before = tenant.rows().await;
    let other = |name: &str, value: Value| {
        with(transaction("t", "-10"), &[("account_id", json!("b")), (name, value)])
    };
    for moved in [
        other("amount", json!("100")),
        other("amount", json!("-10")),
        other("pending", json!(true)),
        other("pending_transaction_id", json!("x")),
    ] {
        let mut body = payload(&[transaction("new", "-1"), moved]);
        body["accounts"] = json!([account("acc"), account("b")]);
        let response = tenant.api.post(&body).await;
        assert_eq!(response.errors(), [["pointer", "/transactions/1/account_id", "other-account"]]);
        assert_eq!(tenant.rows().await, before);
    }
    assert_eq!(tenant.api.totals("").await, ["1", "10.00", "0.00"]);
}

#[tokio::test]
async fn posted_transaction_never_becomes_pending_again() {
    let tenant = Tenant::new("known: posted").await;
    let pending = payload(&[pending("t", "-20")]);
    let posted = payload(&[transaction("t", "-23")]);
    for (body, counts) in [
        (&pending, [1, 0, 0, 0, 0]),
        (&pending, [0, 0, 1, 0, 0]),
        (&posted, [0, 1, 0, 0, 0]),
        (&pending, [0, 0, 1, 0, 0]),
        (&posted, [0, 0, 1, 0, 0]),
    ] {
        assert_eq!(tenant.api.post(body).await.counts(), counts);
    }
    assert_eq!(tenant.api.totals("").await, ["1", "23.00", "0.00"]);
    let stored = tenant.api.transaction("t").await;
    assert_eq!((&stored["pending"], &stored["revision"]), (&json!(false), &json!(2)));
    let revisions = stored["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 1);
    let earlier = [&revisions[0]["revision"], &revisions[0]["pending"], &revisions[0]["amount"]];
    assert_eq!(earlier, [&json!(1), &json!(true), &json!(-20.0)]);
}

#[tokio::test]
async fn late_pending_copy_in_a_batch_with_new_transactions_is_only_unchanged() {
    let tenant = Tenant::new("known: late copy").await;
    tenant.api.accept(&payload(&[transaction("t", "-23")])).await;
    let body = payload(&[transaction("new", "-1"), pending("t", "-20"), pending("hold", "-5")]);
    assert_eq!(tenant.api.post(&body).await.counts(), [2, 0, 1, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["3", "29.00", "0.00"]);
}

#[tokio::test]
async fn posted_transaction_replaces_the_pending_one_that_it_names_in_any_order() {
    for (name, is_pending_first) in [("pending first", true), ("posted first", false)] {
        let tenant = Tenant::new(&format!("known: pair, {name}")).await;
        let hold = pending("hold", "-20");
        let posted =
            with(transaction("posted", "-23"), &[("pending_transaction_id", json!("hold"))]);
        let mut batches = [payload(&[hold]), payload(&[posted])];
        if !is_pending_first {
            batches.reverse();
        }
        for body in &batches {
            tenant.api.post(body).await.counts();
        }
        assert_eq!(tenant.api.totals("").await, ["1", "23.00", "0.00"], "{name}");
        assert_eq!(tenant.api.transaction("hold").await["replaced_by"], "posted", "{name}");
    }
}

#[tokio::test]
async fn posted_transaction_may_be_corrected_unless_it_is_another_one() {
    let tenant = Tenant::new("known: reused").await;
    let first = with(transaction("t", "-10"), &[("date", json!("2025-10-10"))]);
    tenant.api.accept(&payload(&[first])).await;
    let changed = |date: &str, amount: &str, name: &str| {
        let members = [("date", json!(date)), ("name", json!(name))];
        payload(&[transaction("new", "-1"), with(transaction("t", amount), &members)])
    };
    // Day, amount and name differ, by eight days and more.
    for body in [
        changed("2025-10-18", "-11", "Shell"),
        changed("2025-10-02", "-11", "Shell"),
        changed("2020-01-01", "500", "Acme payroll"),
    ] {
        let response = tenant.api.post(&body).await;
        assert_eq!(
            response.errors(),
            [["pointer", "/transactions/1/transaction_id", "reused-id"]],
            "{body}"
        );
        for stored in ["2025-10-10", "-10.00 USD", "Amazon"] {
            assert!(response.text.contains(stored), "{stored}: {}", response.text);
        }
    }
    assert_eq!(tenant.api.totals("").await, ["1", "10.00", "0.00"]);
    // One of them stays, or the day moves by at most seven days.
    for (revision, body) in (2..).zip([
        changed("2025-10-17", "-11", "Shell"),
        changed("2025-10-30", "-11", "Amazon"),
        changed("2025-10-01", "-12", "Amazon"),
        changed("2025-10-31", "-12", "Shell"),
    ]) {
        assert_eq!(tenant.api.post(&body).await.counts()[1], 1, "{body}");
        assert_eq!(tenant.api.transaction("t").await["revision"], revision);
    }
}

#[tokio::test]
async fn pending_transaction_may_become_any_posted_one() {
    let tenant = Tenant::new("known: pending").await;
    let hold = with(pending("t", "-100"), &[("date", json!("2025-10-01"))]);
    tenant.api.accept(&payload(&[hold])).await;
    let posted = with(transaction("t", "-3"), &[("name", json!("Shell"))]);
    assert_eq!(tenant.api.post(&payload(&[posted])).await.counts(), [0, 1, 0, 0, 0]);
    assert_eq!(tenant.api.totals("").await, ["1", "3.00", "0.00"]);
}

#[tokio::test]
async fn transaction_has_its_revisions_newest_first() {
    let tenant = Tenant::new("known: revisions").await;
    let mut batches = Vec::new();
    for amount in ["-1.5", "-2.5", "-3.5"] {
        batches.push(tenant.api.accept(&payload(&[transaction("t", amount)])).await);
    }
    let response = tenant.api.get(&format!("{TRANSACTIONS}/t")).await;
    let stored = response.json();
    assert_eq!((&stored["account_id"], &stored["revision"]), (&json!("acc"), &json!(3)));
    assert_eq!(stored["correlation_id"], response.header("x-correlation-id"));
    assert!(response.text.contains(r#""amount":-3.50,"#), "{}", response.text);
    let revisions = stored["revisions"].as_array().unwrap();
    let expected = [(2, "-2.50", &batches[1]), (1, "-1.50", &batches[0])];
    assert_eq!(revisions.len(), expected.len());
    for (revision, (number, amount, batch_id)) in revisions.iter().zip(expected) {
        assert_eq!(
            (&revision["revision"], &revision["batch_id"]),
            (&json!(number), &json!(batch_id))
        );
        assert!(response.text.contains(&format!("\"amount\":{amount},")), "{}", response.text);
        assert_eq!(
            (&revision["name"], &revision["date"]),
            (&json!("Amazon"), &json!("2025-10-30"))
        );
        assert!(revision["replaced_at"].as_str().unwrap().ends_with('Z'), "{revision}");
    }
    for path in ["/api/accounts/acc/transactions/u", "/api/accounts/b/transactions/t"] {
        tenant.api.get(path).await.assert_problem(404);
    }
    let other = Tenant::new("known: revisions, other").await;
    other.api.get(&format!("{TRANSACTIONS}/t")).await.assert_problem(404);
}

#[tokio::test]
async fn equal_request_in_another_layout_is_a_replay() {
    let tenant = Tenant::new("known: layout").await;
    let mut body = payload(&[transaction("t", "-10")]);
    body["request_id"] = json!("req-1");
    let first = tenant.api.post(&body).await;
    assert_eq!(first.counts(), [1, 0, 0, 0, 0]);
    let number = body.to_string().replace("\"-10\"", "-1.0e1");
    let reversed = body.to_string().replace("{\"account_id\":\"acc\",\"name\"", "{\"name\"");
    let reversed = reversed.replace("\"type\":\"d", "\"account_id\":\"acc\",\"type\":\"d");
    assert_ne!(reversed, body.to_string());
    for text in [serde_json::to_string_pretty(&body).unwrap(), number, reversed] {
        let again = tenant.api.post_bytes(&[], text.into()).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
        assert_eq!(again.text, first.text);
    }
    body["transactions"][0]["amount"] = json!("-10.01");
    let reused = tenant.api.post(&body).await.assert_problem(422);
    assert_eq!(reused["type"], "urn:tributary:problem:idempotency-key-reused");
}

#[tokio::test]
async fn id_of_up_to_512_bytes_is_accepted_exactly() {
    let tenant = Tenant::new("known: long ids").await;
    let ids = ["x".repeat(482), "x".repeat(512), "é".repeat(256), " t ".to_owned(), "T".to_owned()];
    let rows: Vec<_> = ids.iter().map(|id| transaction(id, "-1")).collect();
    assert_eq!(tenant.api.post(&payload(&rows)).await.counts(), [5, 0, 0, 0, 0]);
    assert_eq!(tenant.api.post(&payload(&rows)).await.counts(), [0, 0, 5, 0, 0]);
    assert_eq!(tenant.api.transaction(&ids[0]).await["transaction_id"], ids[0]);
    assert_eq!(tenant.api.transaction(&ids[1]).await["transaction_id"], ids[1]);
    assert_eq!(tenant.api.transaction("%20t%20").await["transaction_id"], " t ");
    for id in ["x".repeat(513), "é".repeat(257)] {
        let response = tenant.api.post(&payload(&[transaction(&id, "-1")])).await;
        assert_eq!(response.errors(), [["pointer", "/transactions/0/transaction_id", "too-long"]]);
    }
    // Another case is another id.
    assert_eq!(tenant.api.post(&payload(&[transaction("t", "-1")])).await.counts()[0], 1);
}
