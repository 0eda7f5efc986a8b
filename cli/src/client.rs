//! A client of the HTTP API.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The request timeout: API Gateway's integration timeout plus a margin.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one system with one API key.
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

/// The response to a batch.
#[derive(Debug, Deserialize)]
pub struct Accepted {
    pub batch_id: String,
    pub total_transactions: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub removed: i64,
    pub correlation_id: String,
}

/// A batch's progress.
#[derive(Debug, Deserialize)]
pub struct BatchStatus {
    pub processing_status: Counts,
    pub finished_at: Option<String>,
    pub failures: Vec<Failure>,
}

/// Transactions by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    pub pending: i64,
    pub processing: i64,
    pub completed: i64,
    pub failed: i64,
}

/// A transaction that failed.
#[derive(Debug, Deserialize)]
pub struct Failure {
    pub transaction_id: String,
    pub reason: String,
}

/// An account's summary. Amounts keep the text of the response.
#[derive(Debug, Deserialize)]
pub struct Summary {
    pub account_id: String,
    pub date_range: DateRange,
    pub currency: Option<String>,
    pub metrics: Metrics,
    pub top_categories: Vec<TopCategory>,
    pub processing_status: Counts,
}

#[derive(Debug, Deserialize)]
pub struct DateRange {
    pub start: NaiveDate,
    pub end: NaiveDate,
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

#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: String,
    #[serde(default)]
    errors: Vec<ProblemError>,
    correlation_id: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, detail, errors, correlation_id } = self;
        write!(formatter, "{title}. {detail} (correlation id {correlation_id})")?;
        errors
            .iter()
            .try_for_each(|error| write!(formatter, "\n  {}: {}", error.place, error.detail))
    }
}

#[derive(Deserialize)]
struct ProblemError {
    #[serde(flatten)]
    place: Place,
    detail: String,
}

/// Where an error is. The API names the member after the kind of place.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Pointer(String),
    Parameter(String),
    Header(String),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(pointer) if pointer.is_empty() => formatter.write_str("body"),
            Self::Pointer(pointer) => formatter.write_str(pointer),
            Self::Parameter(name) => write!(formatter, "parameter {name}"),
            Self::Header(name) => write!(formatter, "header {name}"),
        }
    }
}

impl Client {
    /// A client of the system at `url`.
    pub fn new(url: &str, api_key: &str) -> anyhow::Result<Self> {
        let base = Url::parse(url).with_context(|| format!("{url} is not a URL"))?;
        let mut key = HeaderValue::from_str(&format!("Bearer {api_key}"))
            .context("the API key contains invalid characters")?;
        key.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, key)]);
        let http = reqwest::Client::builder().default_headers(headers).timeout(TIMEOUT).build()?;
        Ok(Self { http, base })
    }

    /// Fails if the system is unhealthy.
    pub async fn health(&self) -> anyhow::Result<()> {
        let response = self.http.get(self.url(&["api", "health", ""])?).send().await?;
        read::<serde_json::Value>(response).await.map(drop)
    }

    /// Sends a batch.
    pub async fn post_batch(&self, body: &serde_json::Value) -> anyhow::Result<Accepted> {
        let url = self.url(&["api", "integrations", "transactions", ""])?;
        read(self.http.post(url).json(body).send().await?).await
    }

    /// Sends a page of Plaid's `/transactions/sync`.
    pub async fn post_plaid_page(&self, body: &serde_json::Value) -> anyhow::Result<Accepted> {
        let url = self.url(&["api", "integrations", "plaid", "transactions", ""])?;
        read(self.http.post(url).json(body).send().await?).await
    }

    /// Reads a batch's progress.
    pub async fn batch(&self, batch_id: &str) -> anyhow::Result<BatchStatus> {
        read(self.http.get(self.url(&["api", "batches", batch_id])?).send().await?).await
    }

    /// Reads an account's summary.
    pub async fn summary(
        &self,
        account_id: &str,
        start: NaiveDate,
        end: NaiveDate,
    ) -> anyhow::Result<Summary> {
        let mut url = self.url(&["api", "reports", "account", account_id, "summary"])?;
        url.query_pairs_mut()
            .append_pair("start_date", &start.to_string())
            .append_pair("end_date", &end.to_string());
        read(self.http.get(url).send().await?).await
    }

    fn url(&self, segments: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut path) => path.pop_if_empty().extend(segments),
            Err(()) => bail!("{} cannot be a base URL", self.base),
        };
        Ok(url)
    }
}

/// Reads a response body, or returns its problem as an error.
async fn read<T: DeserializeOwned>(response: Response) -> anyhow::Result<T> {
    let status = response.status();
    let body = response.bytes().await?;
    if status.is_success() {
        return serde_json::from_slice(&body).context("unexpected response body");
    }
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => bail!("{status}: {problem}"),
        Err(_) => bail!("{status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_lists_each_error_with_its_place() {
        let body = r#"{
            "type": "urn:tributary:problem:invalid-request", "title": "The request is not valid",
            "status": 422, "detail": "Nothing was stored.", "correlation_id": "c-1",
            "errors": [
                {"pointer": "/accounts", "code": "required", "detail": "is required"},
                {"pointer": "", "code": "too-many-values", "detail": "has too many values"},
                {"parameter": "limit", "code": "invalid-format", "detail": "must be a number"},
                {"header": "Idempotency-Key", "code": "invalid-format", "detail": "is empty"}
            ]
        }"#;
        let problem: Problem = serde_json::from_str(body).unwrap();
        let expected = "The request is not valid. Nothing was stored. (correlation id c-1)\
            \n  /accounts: is required\
            \n  body: has too many values\
            \n  parameter limit: must be a number\
            \n  header Idempotency-Key: is empty";
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn problem_without_errors_is_one_line() {
        let body = r#"{"title": "Not found", "detail": "No such batch.", "correlation_id": "c"}"#;
        let problem: Problem = serde_json::from_str(body).unwrap();
        assert_eq!(problem.to_string(), "Not found. No such batch. (correlation id c)");
    }
}
