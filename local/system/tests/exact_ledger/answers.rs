//! What the API answers, with amounts as their exact text.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use crate::body::Body;
use crate::ledger::Counts;
use crate::support::{Api, Response};

/// The body of a 202.
#[derive(Clone, Debug, Deserialize)]
pub struct Accepted {
    pub batch_id: String,
    pub total_transactions: i64,
    inserted: i64,
    updated: i64,
    unchanged: i64,
    removed: i64,
    removed_unknown: i64,
}

impl Accepted {
    pub const fn counts(&self) -> Counts {
        let Self { inserted, updated, unchanged, removed, removed_unknown, .. } = *self;
        Counts { inserted, updated, unchanged, removed, removed_unknown }
    }
}

#[derive(Debug, Deserialize)]
pub struct BatchAnswer {
    #[serde(flatten)]
    pub accepted: Accepted,
    pub processing_status: Statuses,
    pub finished_at: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Statuses {
    pub pending: i64,
    pub processing: i64,
    pub completed: i64,
    pub failed: i64,
}

#[derive(Debug, Deserialize)]
pub struct Summary {
    pub currency: Option<String>,
    pub metrics: Metrics,
    pub top_categories: Vec<TopCategory>,
    pub processing_status: Statuses,
    pub currencies: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Metrics {
    pub total_transactions: i64,
    pub total_spend: Box<RawValue>,
    pub total_income: Box<RawValue>,
    pub net: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
pub struct TopCategory {
    pub category: String,
    pub total_spend: Box<RawValue>,
    pub transaction_count: i64,
}

#[derive(Debug, Deserialize)]
pub struct Page {
    pub transactions: Vec<Listed>,
    pub has_more: bool,
    pub next_cursor: Option<String>,
}

/// The content of a transaction or of a revision.
#[derive(Clone, Debug, Deserialize)]
pub struct ListedContent {
    pub amount: Box<RawValue>,
    pub iso_currency_code: Option<String>,
    pub unofficial_currency_code: Option<String>,
    pub date: NaiveDate,
    pub datetime: Option<DateTime<Utc>>,
    pub authorized_date: Option<NaiveDate>,
    pub name: String,
    pub merchant_name: Option<String>,
    pub payment_channel: Option<String>,
    pub merchant_category_code: Option<String>,
    pub pending: bool,
    pub pending_transaction_id: Option<String>,
    pub removed_at: Option<DateTime<Utc>>,
    pub revision: usize,
}

/// A transaction of a list, or alone with its revisions.
#[derive(Clone, Debug)]
pub struct Listed {
    pub content: ListedContent,
    pub state: ListedState,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ListedState {
    pub transaction_id: String,
    pub bank_category: Option<String>,
    pub replaced_by: Option<String>,
    pub status: String,
    pub attempts: i64,
    pub category: Option<String>,
    #[serde(default)]
    pub revisions: Vec<ListedContent>,
}

impl<'de> Deserialize<'de> for Listed {
    /// Twice from the text, since a flattened field would lose the text of the amount.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self {
            content: serde_json::from_str(json.get()).map_err(serde::de::Error::custom)?,
            state: serde_json::from_str(json.get()).map_err(serde::de::Error::custom)?,
        })
    }
}

impl Response {
    /// The body of a response with this status.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(self.status, status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// The path of these segments and a query.
pub fn path(segments: &[&str], query: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://localhost").unwrap();
    url.path_segments_mut().unwrap().extend(segments);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url.as_str().trim_start_matches("http://localhost").to_owned()
}

/// Whether nothing has happened yet: the key or a lock is in use, or too many requests run at once.
const fn is_retryable(response: &Response) -> bool {
    matches!(response.status, 409 | 429 | 503)
}

/// Sends a body until the response is final.
pub async fn post(api: &Api, body: &Body) -> Response {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(body.header_key.as_deref().map(|key| ("idempotency-key", key)));
    loop {
        let bytes = body.text.clone().into_bytes();
        let response = api.send(Method::POST, body.path, &headers, Some(bytes)).await;
        if !is_retryable(&response) {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends a request without a body until the response is final.
pub async fn call(api: &Api, method: Method, path: &str) -> Response {
    loop {
        let response = api.send(method.clone(), path, &[], None).await;
        if !is_retryable(&response) {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
