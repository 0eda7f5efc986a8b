//! A client of the HTTP API, as an integrator would write it.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

use super::eventually;

pub const INGEST: &str = "/api/integrations/transactions/";

/// The API with one key.
#[derive(Clone)]
pub struct Api {
    http: Client,
    url: String,
    key: Option<String>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Api {
    pub fn new(url: &str, key: &str) -> Self {
        Self { http: Client::new(), url: url.to_owned(), key: Some(key.to_owned()) }
    }

    /// The same API with another key, or none.
    pub fn with_key(&self, key: Option<&str>) -> Self {
        Self { key: key.map(str::to_owned), ..self.clone() }
    }

    /// Sends any request; `headers` are names and values.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
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
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, body: &Value) -> Answer {
        self.post_with(&[], body).await
    }

    pub async fn post_with(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.post_bytes(headers, body.to_string().into_bytes()).await
    }

    /// Posts bytes that are declared as JSON.
    pub async fn post_bytes(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send(Method::POST, INGEST, &all, Some(body)).await
    }

    /// Posts a batch that must be accepted; returns its id.
    pub async fn accept(&self, body: &Value) -> String {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()["batch_id"].as_str().unwrap().to_owned()
    }

    pub async fn batch(&self, batch_id: &str) -> Value {
        let answer = self.get(&format!("/api/batches/{batch_id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Waits until a batch is finished; gives its last state.
    pub async fn finished(&self, batch_id: &str) -> Value {
        eventually("the end of the batch", async || {
            let batch = self.batch(batch_id).await;
            (!batch["finished_at"].is_null()).then_some(batch)
        })
        .await
    }

    /// The summary of an account over October 2025; `more` is added to the query.
    pub async fn summary(&self, account_id: &str, more: &str) -> Answer {
        let path = format!(
            "/api/reports/account/{account_id}/summary\
             ?start_date=2025-10-01&end_date=2025-10-31{more}"
        );
        let answer = self.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    /// The summary once the queue has nothing more to do for the account.
    pub async fn settled_summary(&self, account_id: &str, more: &str) -> Answer {
        eventually("the end of enrichment", async || {
            let answer = self.summary(account_id, more).await;
            let status = answer.json()["processing_status"].clone();
            (status["pending"] == 0 && status["processing"] == 0).then_some(answer)
        })
        .await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Asserts that it is a problem of RFC 9457 with this status.
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

    /// The pointers of a 422's faults, in their order.
    #[track_caller]
    pub fn fault_pointers(&self) -> Vec<String> {
        let body = self.assert_problem(422);
        let errors = body["errors"].as_array().unwrap();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}
