//! The calls of the API, one method each.

use reqwest::{Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    AcceptedBatch, Account, AccountPage, AccountQuery, Batch, BatchPage, BatchQuery, Cashflow,
    Client, CreatedKey, Credential, DateRange, Error, Health, Interval, Key, KeyList, Merchants,
    NewBatch, NewKey, Pages, Request, RetriedBatch, Summary, TransactionDetails, TransactionPage,
    TransactionQuery,
};

/// Every call fails with [`Error`].
#[expect(clippy::missing_errors_doc, reason = "the same errors for every call")]
impl Client {
    /// Posts a batch, which is accepted whole or not at all.
    ///
    /// The idempotency key is the header, else [`NewBatch::request_id`]. With a key, the same batch
    /// may be posted again: it is accepted once, and the first response is returned again.
    pub async fn post_batch<'k>(
        &self,
        batch: &NewBatch,
        idempotency_key: impl Into<Option<&'k str>>,
    ) -> Result<AcceptedBatch, Error> {
        let request = Request::new(Method::POST, &["api", "integrations", "transactions"]);
        let mut request = request.json(batch)?.idempotency_key(idempotency_key.into())?;
        request.is_idempotent |= batch.request_id.is_some();
        self.read(&request).await
    }

    /// Posts a response of Plaid's `/transactions/get` or `/transactions/sync`, or its webhook
    /// `TRANSACTIONS_REMOVED`, unchanged: a positive amount is money out. To keep its amounts
    /// exact, pass the JSON as received, as a [`serde_json::value::RawValue`].
    pub async fn post_plaid<'k, T: Serialize + ?Sized>(
        &self,
        response: &T,
        idempotency_key: impl Into<Option<&'k str>>,
    ) -> Result<AcceptedBatch, Error> {
        let request = Request::new(Method::POST, &["api", "integrations", "plaid", "transactions"]);
        self.read(&request.json(response)?.idempotency_key(idempotency_key.into())?).await
    }

    /// Reads a batch.
    pub async fn batch(&self, batch_id: Uuid) -> Result<Batch, Error> {
        self.read(&get(&["api", "batches", &batch_id.to_string()])).await
    }

    /// Reads a page of the batches, newest first.
    pub async fn batches(&self, query: &BatchQuery) -> Result<BatchPage, Error> {
        self.read(&query.request().query_if("cursor", query.cursor.as_ref())).await
    }

    /// The batches, newest first, page by page. [`BatchQuery::cursor`] is not used.
    #[must_use]
    pub fn batch_pages(&self, query: &BatchQuery) -> Pages<'_, BatchPage> {
        Pages::new(self, query.request())
    }

    /// Retries the failed transactions of a batch.
    pub async fn retry(&self, batch_id: Uuid) -> Result<RetriedBatch, Error> {
        let segments = ["api", "batches", &batch_id.to_string(), "retry"];
        self.read(&Request::new(Method::POST, &segments)).await
    }

    /// Reads a page of the accounts, by id.
    pub async fn accounts(&self, query: &AccountQuery) -> Result<AccountPage, Error> {
        self.read(&query.request().query_if("cursor", query.cursor.as_ref())).await
    }

    /// The accounts by id, page by page. [`AccountQuery::cursor`] is not used.
    #[must_use]
    pub fn account_pages(&self, query: &AccountQuery) -> Pages<'_, AccountPage> {
        Pages::new(self, query.request())
    }

    /// Reads an account.
    pub async fn account(&self, account_id: &str) -> Result<Account, Error> {
        self.read(&get(&["api", "accounts", account_id])).await
    }

    /// Reads a page of the transactions of an account, newest first.
    pub async fn transactions(
        &self,
        account_id: &str,
        query: &TransactionQuery,
    ) -> Result<TransactionPage, Error> {
        self.read(&query.request(account_id).query_if("cursor", query.cursor.as_ref())).await
    }

    /// The transactions of an account, newest first, page by page. [`TransactionQuery::cursor`] is
    /// not used.
    #[must_use]
    pub fn transaction_pages(
        &self,
        account_id: &str,
        query: &TransactionQuery,
    ) -> Pages<'_, TransactionPage> {
        Pages::new(self, query.request(account_id))
    }

    /// Reads a transaction with its earlier contents.
    pub async fn transaction(
        &self,
        account_id: &str,
        transaction_id: &str,
    ) -> Result<TransactionDetails, Error> {
        self.read(&get(&["api", "accounts", account_id, "transactions", transaction_id])).await
    }

    /// Removes a transaction from all totals.
    pub async fn remove(&self, account_id: &str, transaction_id: &str) -> Result<(), Error> {
        let segments = ["api", "accounts", account_id, "transactions", transaction_id];
        self.exchange(&Request::new(Method::DELETE, &segments)).await?.success()
    }

    /// Reads totals and top categories of an account, in the given currency, else in the most used
    /// one of these days.
    pub async fn summary(
        &self,
        account_id: &str,
        days: DateRange,
        currency: Option<&str>,
    ) -> Result<Summary, Error> {
        self.read(&report(account_id, "summary", days, currency)).await
    }

    /// Reads spend and income of an account by interval and category.
    pub async fn cashflow(
        &self,
        account_id: &str,
        days: DateRange,
        interval: Interval,
        currency: Option<&str>,
    ) -> Result<Cashflow, Error> {
        self.read(&report(account_id, "cashflow", days, currency).query("interval", interval)).await
    }

    /// Reads the merchants of an account with the most spend: `limit` of 1 to 50, by default 10.
    pub async fn merchants(
        &self,
        account_id: &str,
        days: DateRange,
        limit: Option<u32>,
        currency: Option<&str>,
    ) -> Result<Merchants, Error> {
        self.read(&report(account_id, "merchants", days, currency).query_if("limit", limit)).await
    }

    /// Lists the API keys of the tenant, the active ones first. Needs the scope `admin`.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        Ok(self.read::<KeyList>(&get(&["api", "keys"])).await?.keys)
    }

    /// Creates an API key. Needs the scope `admin`.
    pub async fn create_key(&self, key: &NewKey) -> Result<CreatedKey, Error> {
        self.read(&Request::new(Method::POST, &["api", "keys"]).json(key)?).await
    }

    /// Revokes the API key with this prefix. Needs the scope `admin`.
    pub async fn revoke_key(&self, prefix: &str) -> Result<(), Error> {
        let request = Request::new(Method::DELETE, &["api", "keys", prefix]);
        self.exchange(&request).await?.success()
    }

    /// Reads what the client's own key or token allows.
    pub async fn credential(&self) -> Result<Credential, Error> {
        self.read(&get(&["api", "credential"])).await
    }

    /// Reads whether PostgreSQL and the queue are reachable. That one is not is no error.
    pub async fn health(&self) -> Result<Health, Error> {
        let response = self.exchange(&get(&["api", "health"])).await?;
        if response.status == StatusCode::SERVICE_UNAVAILABLE
            && let Ok(health) = serde_json::from_slice(&response.body)
        {
            return Ok(health);
        }
        response.json()
    }
}

fn get(segments: &[&str]) -> Request {
    Request::new(Method::GET, segments)
}

fn report(account_id: &str, report: &str, days: DateRange, currency: Option<&str>) -> Request {
    get(&["api", "reports", "account", account_id, report])
        .query("start_date", days.start)
        .query("end_date", days.end)
        .query_if("currency", currency)
}
