//! A client of the HTTP API.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;
use tributary_testkit::gzip::gunzip;

use super::{DEADLINE, eventually};

/// The path that batches are posted to.
const INGEST: &str = "/api/integrations/transactions/";
/// The path that responses of Plaid are posted to.
const PLAID: &str = "/api/integrations/plaid/transactions/";
/// The transactions of the account `acc`.
pub const TRANSACTIONS: &str = "/api/accounts/acc/transactions";
/// The summary of the account `acc` over October 2025.
pub const SUMMARY: &str =
    "/api/reports/account/acc/summary?start_date=2025-10-01&end_date=2025-10-31";

/// A client with one API key, or without a key.
#[derive(Clone)]
pub struct Api {
    http: Client,
    url: String,
    key: Option<String>,
}

/// A response with its whole body, decompressed.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Api {
    pub fn new(url: &str, key: &str) -> Self {
        let http = Client::builder().timeout(DEADLINE).build().unwrap();
        Self { http, url: url.to_owned(), key: Some(key.to_owned()) }
    }

    /// A client of the same API with another key, or without a key.
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request; `headers` are names and values.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let is_compressed = headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
        let text = if is_compressed { gunzip(&body) } else { body.to_vec() };
        Response { status, headers, text: String::from_utf8(text).unwrap() }
    }

    /// Sends a request without a body, and does not follow a redirect.
    pub async fn send_once(&self, method: Method, path: &str) -> Response {
        let policy = reqwest::redirect::Policy::none();
        let http = Client::builder().timeout(DEADLINE).redirect(policy).build().unwrap();
        Self { http, ..self.clone() }.send(method, path, &[], None).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, body: &Value) -> Response {
        self.post_with(&[], body).await
    }

    pub async fn post_with(&self, headers: &[(&str, &str)], body: &Value) -> Response {
        self.post_bytes(headers, body.to_string().into_bytes()).await
    }

    /// Posts bytes with the content type of JSON.
    pub async fn post_bytes(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
        self.post_json(INGEST, headers, body).await
    }

    /// Posts a response or a webhook of Plaid.
    pub async fn post_plaid(&self, headers: &[(&str, &str)], body: &Value) -> Response {
        self.post_json(PLAID, headers, body.to_string().into_bytes()).await
    }

    async fn post_json(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send(Method::POST, path, &all, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Posts a batch, asserts that it is accepted, and returns its id.
    pub async fn accept(&self, body: &Value) -> String {
        let response = self.post(body).await;
        assert_eq!(response.status, 202, "{}", response.text);
        response.json()["batch_id"].as_str().unwrap().to_owned()
    }

    pub async fn batch(&self, batch_id: &str) -> Value {
        let response = self.get(&format!("/api/batches/{batch_id}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()
    }

    /// Waits until a batch is finished and returns it.
    pub async fn finished(&self, batch_id: &str) -> Value {
        eventually("the batch to be finished", async || {
            let batch = self.batch(batch_id).await;
            (!batch["finished_at"].is_null()).then_some(batch)
        })
        .await
    }

    /// A transaction of the account `acc` with its revisions.
    pub async fn transaction(&self, transaction_id: &str) -> Value {
        let response = self.get(&format!("{TRANSACTIONS}/{transaction_id}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()
    }

    /// The ids of the first page of the account `acc`, in order.
    pub async fn listed(&self, query: &str) -> Vec<String> {
        let response = self.get(&format!("{TRANSACTIONS}?{query}")).await;
        assert_eq!(response.status, 200, "{}", response.text);
        let page = response.json();
        let rows = page["transactions"].as_array().unwrap().iter();
        rows.map(|row| row["transaction_id"].as_str().unwrap().to_owned()).collect()
    }

    /// The count, spend and income of the account `acc` over October 2025, in the exact text of the
    /// response; `parameters` are appended to the query.
    pub async fn totals(&self, parameters: &str) -> [String; 3] {
        self.settled_summary("acc", parameters).await.totals()
    }

    /// The summary of an account over October 2025; `parameters` are appended to the query.
    pub async fn summary(&self, account_id: &str, parameters: &str) -> Response {
        let path = format!(
            "/api/reports/account/{account_id}/summary\
             ?start_date=2025-10-01&end_date=2025-10-31{parameters}"
        );
        let response = self.get(&path).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response
    }

    /// The summary when no transaction of the account is pending or processing.
    pub async fn settled_summary(&self, account_id: &str, parameters: &str) -> Response {
        eventually("the enrichment of the account", async || {
            let response = self.summary(account_id, parameters).await;
            let status = response.json()["processing_status"].clone();
            (status["pending"] == 0 && status["processing"] == 0).then_some(response)
        })
        .await
    }
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts that it is an RFC 9457 problem with this status, and returns the problem.
    #[track_caller]
    pub fn assert_problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {body}");
        }
        assert!(!self.header("x-correlation-id").is_empty());
        assert_eq!(body["correlation_id"], self.header("x-correlation-id"));
        body
    }

    /// Asserts that it is a 422 problem, and returns the pointer of each error in order.
    #[track_caller]
    pub fn error_pointers(&self) -> Vec<String> {
        self.error_places("pointer")
    }

    /// Asserts that it is a 422 problem, and returns the `pointer`, `parameter` or `header` of each
    /// error in order.
    #[track_caller]
    pub fn error_places(&self, kind: &str) -> Vec<String> {
        let errors = self.errors().into_iter();
        errors
            .map(|[error_kind, place, _]| {
                assert_eq!(error_kind, kind, "{}", self.text);
                place
            })
            .collect()
    }

    /// Asserts that it is a 422 problem, and returns the kind of place, the place and the code of
    /// each error in order.
    #[track_caller]
    pub fn errors(&self) -> Vec<[String; 3]> {
        let body = self.assert_problem(422);
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("{body}")).iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors
            .map(|error| {
                assert!(!text(&error["detail"]).is_empty(), "{error}");
                let members = error.as_object().unwrap();
                assert_eq!(members.len(), 3, "a place, a code and a detail: {error}");
                let mut places =
                    members.iter().filter(|(name, _)| !matches!(&***name, "code" | "detail"));
                let (kind, place) = places.next().unwrap();
                [kind.clone(), text(place), text(&error["code"])]
            })
            .collect()
    }

    /// Asserts that it is a 202, and returns how many transactions the batch has inserted, updated,
    /// left unchanged and removed, and how many removals were of unknown ones.
    #[track_caller]
    pub fn counts(&self) -> [i64; 5] {
        assert_eq!(self.status, 202, "{}", self.text);
        let body = self.json();
        ["inserted", "updated", "unchanged", "removed", "removed_unknown"]
            .map(|name| body[name].as_i64().unwrap_or_else(|| panic!("{name}: {body}")))
    }

    /// The count, spend and income of a summary, in the exact text of the response.
    #[track_caller]
    pub fn totals(&self) -> [String; 3] {
        ["total_transactions", "total_spend", "total_income"].map(|name| {
            let (_, rest) = self.text.split_once(&format!("\"{name}\":")).unwrap();
            rest.split([',', '}']).next().unwrap().to_owned()
        })
    }
}
