//! Every call of `tributary-client`, once, against the system.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::json;
use tributary_client::{
    AccountQuery, BatchQuery, BatchStatus, Category, Client, CredentialKind, Currency, DateRange,
    Interval, NewAccount, NewBatch, NewKey, NewTransaction, Place, Removal, Request, RetryPolicy,
    Scope, StatusCode, TransactionQuery, TransactionStatus, Verdict,
};
use uuid::Uuid;

use crate::shared_system::Tenant;
use crate::support::{eventually, plaid_sync};

#[path = "../../../../client/examples/post_batch.rs"]
#[expect(dead_code, reason = "`main` reads the environment")]
mod example;

const DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 10, 30).unwrap();
const DAYS: DateRange = DateRange { start: DAY, end: DAY };

async fn client(tenant: &Tenant, scopes: &[&str]) -> Client {
    let client = Client::new(tenant.api.url()).unwrap().with_retries(RetryPolicy::default());
    client.with_key(&tenant.key_for(scopes).await).unwrap()
}

fn usd(id: &str, amount: &str) -> NewTransaction {
    let currency = Currency::Iso("USD".to_owned());
    NewTransaction::new(id, "acc", amount.parse().unwrap(), currency, DAY, "Amazon")
}

/// Two transactions, the sum of whose amounts has more digits than a float.
fn batch() -> NewBatch {
    let large = "79999999999999999999999999";
    let transactions = vec![usd("t1", &format!("-{large}.99")), usd("t2", "-0.02")];
    let accounts = vec![NewAccount::new("acc", "Business Checking", "depository")];
    NewBatch { accounts, ..NewBatch::of(transactions) }
}

async fn finished(client: &Client, batch_id: Uuid) -> tributary_client::Batch {
    eventually("the batch to be finished", async || {
        let batch = client.batch(batch_id).await.unwrap();
        batch.is_finished().then_some(batch)
    })
    .await
}

#[tokio::test]
async fn client_posts_batches_and_reads_them() {
    let tenant = Tenant::new("client: batches").await;
    let client = client(&tenant, &["ingest", "report"]).await;
    let accepted = client.post_batch(&batch(), "key").await.unwrap();
    assert_eq!((accepted.inserted, accepted.total_transactions), (2, 2));
    assert_eq!(client.post_batch(&batch(), "key").await.unwrap(), accepted);

    let read = finished(&client, accepted.batch_id).await;
    assert_eq!((read.processing_status.completed, read.failures.len()), (2, 0));
    let query = BatchQuery { status: Some(BatchStatus::Finished), ..BatchQuery::default() };
    let page = client.batches(&query).await.unwrap();
    assert_eq!(page.batches[0].batch_id, accepted.batch_id);
    assert_eq!((page.has_more, page.next_cursor), (false, None));
    let pages = client.batch_pages(&query).next().await.unwrap();
    assert_eq!(pages.unwrap().batches, page.batches);

    tenant.fail(&["t2"]).await;
    assert_eq!(client.retry(accepted.batch_id).await.unwrap().retried, 1);

    let removal = Removal { transaction_id: "t2".to_owned(), account_id: None };
    let removals = NewBatch { removed: vec![removal], ..NewBatch::default() };
    assert_eq!(client.post_batch(&removals, None).await.unwrap().removed, 1);
    let plaid = client.post_plaid(&plaid_sync(&[], &[], &[]), "page").await.unwrap();
    assert_eq!(plaid.total_transactions, 0);
}

#[tokio::test]
async fn client_reads_accounts_transactions_and_reports_with_exact_amounts() {
    let tenant = Tenant::new("client: reports").await;
    let client = client(&tenant, &["ingest", "report"]).await;
    let accepted = client.post_batch(&batch(), None).await.unwrap();
    finished(&client, accepted.batch_id).await;

    let account = client.account("acc").await.unwrap();
    assert_eq!((account.total_transactions, account.first_date), (2, Some(DAY)));
    let accounts = client.accounts(&AccountQuery::default()).await.unwrap();
    assert_eq!(accounts.accounts[0].account_id, "acc");
    let pages = client.account_pages(&AccountQuery::default()).next().await.unwrap();
    assert_eq!(pages.unwrap().accounts.len(), 1);

    let query = TransactionQuery {
        start_date: Some(DAY),
        end_date: Some(DAY),
        status: Some(TransactionStatus::Completed),
        category: Some(Category::Shopping),
        text: Some("amaz".to_owned()),
        limit: Some(1),
        ..TransactionQuery::default()
    };
    let page = client.transactions("acc", &query).await.unwrap();
    assert_eq!((page.transactions.len(), page.has_more), (1, true));
    let (mut pages, mut ids) = (client.transaction_pages("acc", &query), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        ids.extend(page.transactions.into_iter().map(|it| it.transaction_id));
    }
    assert_eq!(ids, ["t2", "t1"]);
    let read = client.transaction("acc", "t2").await.unwrap();
    assert_eq!(read.transaction.amount.to_decimal(), Some(Decimal::new(-2, 2)));
    assert!(read.explanation.is_some() && read.revisions.is_empty());

    let summary = client.summary("acc", DAYS, None).await.unwrap();
    let spend = "80000000000000000000000000.01";
    assert_eq!(summary.metrics.total_spend.as_str(), spend);
    assert_eq!(summary.top_categories[0].category, Category::Shopping);
    let cashflow = client.cashflow("acc", DAYS, Interval::Day, Some("USD")).await.unwrap();
    assert_eq!(cashflow.series[0].total_spend.as_str(), spend);
    let merchants = client.merchants("acc", DAYS, Some(1), None).await.unwrap();
    assert_eq!(merchants.merchants[0].total_spend.as_str(), spend);

    client.remove("acc", "t2").await.unwrap();
    let all = TransactionQuery { includes_removed: true, ..TransactionQuery::default() };
    assert_eq!(client.transactions("acc", &all).await.unwrap().transactions.len(), 2);
    assert_eq!(client.account("acc").await.unwrap().total_transactions, 1);
}

#[tokio::test]
async fn client_creates_lists_and_revokes_keys() {
    let tenant = Tenant::new("client: keys").await;
    let admin = client(&tenant, &["admin"]).await;
    let new = NewKey { name: "feed".to_owned(), scopes: vec![Scope::Report] };
    let created = admin.create_key(&new).await.unwrap();
    assert_eq!((&created.name, &created.scopes), (&new.name, &new.scopes));

    let reader = admin.clone().with_key(created.api_key.expose_secret()).unwrap();
    let credential = reader.credential().await.unwrap();
    assert_eq!(credential.kind, CredentialKind::ApiKey);
    assert_eq!(credential.prefix.as_ref(), Some(&created.prefix));
    let error = reader.keys().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FORBIDDEN));

    admin.revoke_key(&created.prefix).await.unwrap();
    let keys = admin.keys().await.unwrap();
    let revoked = keys.iter().find(|key| key.prefix == created.prefix).unwrap();
    assert!(revoked.revoked_at.is_some());
    let error = reader.credential().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn client_reports_health_and_problems() {
    let tenant = Tenant::new("client: problems").await;
    let client = client(&tenant, &["ingest", "report"]).await;
    let health = Client::new(tenant.api.url()).unwrap().health().await.unwrap();
    assert_eq!((health.status, health.queue), (Verdict::Ok, Verdict::Ok));

    let client = client.with_correlation_id("client-test").unwrap();
    let wrong = NewBatch { total_transactions: 3, ..batch() };
    let error = client.post_batch(&wrong, None).await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!(problem.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem.correlation_id, "client-test");
    let place = Place::Pointer("/total_transactions".to_owned());
    assert_eq!(problem.errors[0].place.as_ref(), Some(&place));
    assert_eq!(problem.errors[0].code, "count-mismatch");

    let request =
        Request::new(tributary_client::Method::POST, &["api", "integrations", "transactions"]);
    let response = client.send(&request.json(&json!([])).unwrap()).await.unwrap();
    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(response.correlation_id(), Some("client-test"));
}

#[tokio::test]
async fn example_of_the_client_runs_and_runs_again() {
    let tenant = Tenant::new("client: example").await;
    let key = tenant.key_for(&["ingest", "report"]).await;
    example::run(tenant.api.url(), &key).await.unwrap();
    example::run(tenant.api.url(), &key).await.unwrap();
}
