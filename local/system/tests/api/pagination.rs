//! Lists the transactions of an account: pages, filters and limits.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, SUMMARY, TRANSACTIONS, account, payload, transaction};

/// Reads every page; returns the ids of each page.
async fn pages(api: &Api, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{TRANSACTIONS}?{query}{cursor}")).await.json();
        let rows = page["transactions"].as_array().unwrap().iter();
        pages.push(rows.map(|row| row["transaction_id"].as_str().unwrap().to_owned()).collect());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
        assert!(pages.len() < 100, "the pages do not end");
    }
}

/// The ids of every page, in order.
async fn ids(api: &Api, query: &str) -> Vec<String> {
    pages(api, query).await.concat()
}

/// A transaction with this date and description.
fn dated(id: &str, date: &str, name: &str) -> Value {
    let mut transaction = transaction(id, "-1");
    transaction["date"] = json!(date);
    transaction["name"] = json!(name);
    transaction
}

#[tokio::test]
async fn pages_contain_every_transaction_once_newest_first() {
    let tenant = Tenant::new("pages: cursor").await;
    // Ten on each day, so that a page ends between transactions of the same date.
    let transactions: Vec<_> = (0..25)
        .map(|index| {
            dated(&format!("tx é {index:02}"), &format!("2025-10-{:02}", 1 + index / 10), "x")
        })
        .collect();
    tenant.api.accept(&payload(&transactions)).await;
    let pages_of_four = pages(&tenant.api, "limit=4").await;
    let sizes: Vec<_> = pages_of_four.iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 4, 4, 4, 4, 4, 1]);
    let listed = pages_of_four.concat();
    assert_eq!(listed.iter().collect::<HashSet<_>>().len(), 25);
    let newest_first: Vec<_> = (0..25).rev().map(|index| format!("tx é {index:02}")).collect();
    assert_eq!(listed, newest_first);
    // No empty page follows a last page that is full.
    assert_eq!(pages(&tenant.api, "limit=5").await.len(), 5);
}

#[tokio::test]
async fn rows_are_filtered_by_status_category_and_dates() {
    let tenant = Tenant::new("pages: filters").await;
    let body = payload(&[
        dated("a", "2025-10-01T00:00:00Z", "Amazon"),
        dated("b", "2025-10-02T23:59:59Z", "Starbucks"),
        dated("c", "2025-10-03T00:00:00Z", "Amazon"),
    ]);
    let batch_id = tenant.api.accept(&body).await;
    tenant.api.finished(&batch_id).await;
    for (query, expected) in [
        ("", &["c", "b", "a"][..]),
        ("status=completed", &["c", "b", "a"]),
        ("status=failed", &[]),
        ("category=Food", &["b"]),
        ("category=Travel", &[]),
        ("start_date=2025-10-01&end_date=2025-10-02", &["b", "a"]),
        ("start_date=2025-10-02&end_date=2025-10-02", &["b"]),
        ("start_date=2025-10-02&end_date=2025-10-31&category=Shopping", &["c"]),
        ("limit=1&category=Shopping", &["c", "a"]),
    ] {
        assert_eq!(ids(&tenant.api, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn invalid_parameter_is_rejected_with_its_name() {
    let tenant = Tenant::new("pages: rejections").await;
    tenant.api.accept(&payload(&[transaction("a", "-1")])).await;
    for (query, parameters) in [
        ("limit=0", &["limit"][..]),
        ("limit=501", &["limit"]),
        ("limit=ten", &["limit"]),
        ("status=done", &["status"]),
        ("category=food", &["category"]),
        ("cursor=x", &["cursor"]),
        ("start_date=2025-10-02&end_date=2025-10-01", &["end_date"]),
        ("limit=-1&status=", &["status", "limit"]),
    ] {
        let response = tenant.api.get(&format!("{TRANSACTIONS}?{query}")).await;
        assert_eq!(response.error_places("parameter"), parameters, "{query}");
    }
    for limit in [1, 500] {
        assert_eq!(tenant.api.get(&format!("{TRANSACTIONS}?limit={limit}")).await.status, 200);
    }
}

#[tokio::test]
async fn unknown_account_is_404_and_account_without_transactions_is_an_empty_page() {
    let tenant = Tenant::new("pages: accounts").await;
    tenant.api.get(TRANSACTIONS).await.assert_problem(404);
    tenant.api.get(SUMMARY).await.assert_problem(404);

    let mut body = payload(&[transaction("a", "-1")]);
    body["accounts"].as_array_mut().unwrap().push(account("a/b c"));
    tenant.api.accept(&body).await;
    let page = tenant.api.get("/api/accounts/a%2Fb%20c/transactions").await;
    assert_eq!((page.status, page.json()["transactions"].clone()), (200, json!([])), "{page:?}");
    assert_eq!(page.json()["account_id"], "a/b c");
}
