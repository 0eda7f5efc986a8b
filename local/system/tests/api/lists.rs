//! Lists batches and accounts: order, pages, filters, limits, and what other tenants see.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shared_system::Tenant;
use crate::support::{Api, account, payload, plaid_sync, plaid_transaction, transaction};

/// Reads every page of a list; returns the values of a member of its rows, for each page.
async fn pages(api: &Api, path: &str, rows: &str, member: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let response = api.get(&format!("{path}{cursor}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
        let page = response.json();
        assert_eq!(page["correlation_id"], response.header("x-correlation-id"));
        assert_eq!(page["has_more"], json!(!page["next_cursor"].is_null()));
        let values = page[rows].as_array().unwrap().iter();
        pages.push(values.map(|row| row[member].as_str().unwrap().to_owned()).collect());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
        assert!(pages.len() < 100, "the pages do not end");
    }
}

async fn batch_ids(api: &Api, query: &str) -> Vec<String> {
    pages(api, &format!("/api/batches?{query}"), "batches", "batch_id").await.concat()
}

#[tokio::test]
async fn batches_are_listed_newest_first_with_their_counts() {
    let tenant = Tenant::new("lists: batches").await;
    let mut sent = Vec::new();
    for index in 0..5 {
        let body = payload(&[transaction(&format!("t{index}"), "-1")]);
        sent.insert(0, tenant.api.accept(&body).await);
    }
    for batch_id in &sent {
        tenant.api.finished(batch_id).await;
    }
    let in_pages = pages(&tenant.api, "/api/batches?limit=2", "batches", "batch_id").await;
    assert_eq!(in_pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(in_pages.concat(), sent);
    assert_eq!(batch_ids(&tenant.api, "limit=5").await, sent, "no empty page follows a full one");

    let list = tenant.api.get("/api/batches/?limit=1").await.json();
    let (listed, batch) = (&list["batches"][0], tenant.api.batch(&sent[0]).await);
    for member in [
        "batch_id",
        "total_transactions",
        "inserted",
        "updated",
        "unchanged",
        "removed",
        "removed_unknown",
        "erased",
        "accepted_at",
        "started_at",
        "finished_at",
        "correlation_id",
    ] {
        assert_eq!(listed[member], batch[member], "{member}");
    }
    assert_eq!((&listed["status"], &listed["failed"]), (&json!("finished"), &json!(0)));
}

#[tokio::test]
async fn batches_are_filtered_by_status_and_a_retry_opens_a_failed_one() {
    let tenant = Tenant::new("lists: statuses").await;
    let mut sent = Vec::new();
    for id in ["a", "b"] {
        let batch_id = tenant.api.accept(&payload(&[transaction(id, "-1")])).await;
        tenant.api.finished(&batch_id).await;
        sent.push(batch_id);
    }
    tenant.fail(&["a"]).await;
    assert_eq!(batch_ids(&tenant.api, "status=failed").await, sent[..1]);
    assert_eq!(batch_ids(&tenant.api, "status=finished").await, sent[1..]);
    assert_eq!(batch_ids(&tenant.api, "status=open").await, [] as [&str; 0]);
    let failed = &tenant.api.get("/api/batches?status=failed").await.json()["batches"][0];
    assert_eq!((&failed["status"], &failed["failed"]), (&json!("failed"), &json!(1)));

    let retry = format!("/api/batches/{}/retry", sent[0]);
    assert_eq!(tenant.api.send(Method::POST, &retry, &[], None).await.status, 202);
    assert_eq!(batch_ids(&tenant.api, "status=failed").await, [] as [&str; 0]);
    tenant.api.finished(&sent[0]).await;
    assert_eq!(batch_ids(&tenant.api, "status=finished&limit=1").await.len(), 2);
}

/// An account with this id and a transaction of it.
async fn accept_account(api: &Api, account_id: &str, transaction_id: &str) -> String {
    let mut row = transaction(transaction_id, "-1");
    row["account_id"] = json!(account_id);
    let mut body = payload(&[row]);
    body["accounts"] = json!([account(account_id)]);
    api.accept(&body).await
}

#[tokio::test]
async fn accounts_are_listed_by_id_whatever_their_characters() {
    let tenant = Tenant::new("lists: accounts").await;
    let names = ["a", "a b", "a/b?c=d&e#f", "ä%20", "🚀 \"x\""];
    for (index, name) in names.iter().enumerate().rev() {
        accept_account(&tenant.api, name, &format!("t{index}")).await;
    }
    for limit in [1, 2, 5] {
        let path = format!("/api/accounts?limit={limit}");
        let in_pages = pages(&tenant.api, &path, "accounts", "account_id").await;
        assert_eq!(in_pages.concat(), names);
        assert_eq!(in_pages.len(), names.len().div_ceil(limit));
    }
    for (path, name) in
        [("a%2Fb%3Fc%3Dd%26e%23f", names[2]), ("%C3%A4%2520/", names[3]), ("a%20b", names[1])]
    {
        let response = tenant.api.get(&format!("/api/accounts/{path}")).await;
        assert_eq!((response.status, &response.json()["account_id"]), (200, &json!(name)));
    }
}

#[tokio::test]
async fn account_has_the_counts_and_days_of_its_summary_and_its_balances() {
    let tenant = Tenant::new("lists: account").await;
    let mut page =
        plaid_sync(&[plaid_transaction("a", 1.0), plaid_transaction("b", 2.0)], &[], &[]);
    page["accounts"][0]["balances"] =
        json!({"available": 100, "current": 110.9, "iso_currency_code": "USD"});
    let batch_id = tenant.api.post_plaid(&[], &page).await.json()["batch_id"].clone();
    tenant.api.finished(batch_id.as_str().unwrap()).await;
    let response = tenant.api.get("/api/accounts/acc").await;
    assert_eq!(response.status, 200, "{}", response.text);
    let body = response.json();
    assert_eq!(body["correlation_id"], response.header("x-correlation-id"));
    assert_eq!(body["total_transactions"], 2);
    assert_eq!(body["transaction_counts"], json!({"open": 0, "completed": 2, "failed": 0}));
    assert_eq!(body["currencies"], json!(["USD"]));
    assert_eq!(body["first_date"], body["last_date"]);
    let balances = r#""balances":{"available":100.00,"current":110.90,"limit":null,"iso_currency_code":"USD","#;
    assert!(response.text.contains(balances), "{}", response.text);
    assert!(body["balances"]["updated_at"].is_string());

    let path = "/api/accounts/acc/transactions/a";
    assert_eq!(tenant.api.delete(path).await.status, 204);
    assert_eq!(tenant.api.get("/api/accounts/acc").await.json()["total_transactions"], 1);
}

#[tokio::test]
async fn invalid_parameter_of_a_list_is_rejected_with_its_name_and_code() {
    let tenant = Tenant::new("lists: rejections").await;
    accept_account(&tenant.api, "acc", "t").await;
    let foreign = |path: &str| format!("{path}?cursor=YWNj");
    for (path, places) in [
        ("/api/batches?status=done".to_owned(), vec!["status invalid-format"]),
        (
            "/api/batches?limit=101&status=".to_owned(),
            vec!["status invalid-format", "limit invalid-format"],
        ),
        (foreign("/api/batches"), vec!["cursor invalid-format"]),
        (
            "/api/accounts?limit=0&cursor=%25".to_owned(),
            vec!["cursor invalid-format", "limit invalid-format"],
        ),
        ("/api/accounts/acc/transactions?q=%20".to_owned(), vec!["q blank"]),
        (format!("/api/accounts/acc/transactions?q={}", "x".repeat(101)), vec!["q too-long"]),
    ] {
        let errors = tenant.api.get(&path).await.errors();
        let found: Vec<_> =
            errors.iter().map(|[_, place, code]| format!("{place} {code}")).collect();
        assert_eq!(found, places, "{path}");
    }
    assert_eq!(tenant.api.get(&foreign("/api/accounts")).await.status, 200);
}

#[tokio::test]
async fn other_tenants_batches_and_accounts_are_invisible() {
    let (tenant, other) = (Tenant::new("lists: one").await, Tenant::new("lists: other").await);
    let batch_id = accept_account(&tenant.api, "acc", "t").await;
    tenant.api.finished(&batch_id).await;
    assert_eq!(other.api.get("/api/batches").await.json()["batches"], json!([]));
    assert_eq!(other.api.get("/api/accounts").await.json()["accounts"], json!([]));
    other.api.get("/api/accounts/acc").await.assert_problem(404);
    tenant.api.get("/api/accounts/unknown").await.assert_problem(404);
    // A cursor of another tenant is a position only.
    accept_account(&other.api, "b", "t").await;
    let list = other.api.get("/api/accounts?cursor=YWNj").await.json();
    assert_eq!(list["accounts"][0]["account_id"], "b");
}

#[tokio::test]
async fn text_is_found_in_transactions_and_a_category_is_explained() {
    let tenant = Tenant::new("lists: texts").await;
    let row = |id: &str, name: &str, merchant: Value| {
        let mut row = transaction(id, "-1");
        row["name"] = json!(name);
        row["merchant_name"] = merchant;
        row
    };
    let body = payload(&[
        row("a", "AMZN Mktp 100%", json!("Amazon")),
        row("b", "Cafe\u{301} Noir", Value::Null),
        row("c", "zzz", Value::Null),
    ]);
    let batch_id = tenant.api.accept(&body).await;
    tenant.api.finished(&batch_id).await;
    for (q, expected) in [
        ("amazon", vec!["a"]),
        ("0%25", vec!["a"]),
        // Cleaned and composed as the stored text is.
        ("%20CAFE%CC%81%20%20noir", vec!["b"]),
        ("z_z", vec![]),
        ("mktp&status=completed", vec!["a"]),
        ("mktp&status=failed", vec![]),
    ] {
        assert_eq!(tenant.api.listed(&format!("q={q}")).await, expected, "{q}");
    }
    let explanation = tenant.api.transaction("a").await["explanation"].clone();
    assert_eq!(explanation["text"], "The merchant or description contains “amazon”.");
    assert_eq!(explanation["rules_version"].as_str().unwrap().len(), 12);
    let unknown = tenant.api.transaction("c").await["explanation"].clone();
    assert_eq!(unknown["text"], "No rule matched.");
    tenant.fail(&["a"]).await;
    assert_eq!(tenant.api.transaction("a").await["explanation"], Value::Null);
}
