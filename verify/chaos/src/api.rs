//! An HTTP client that repeats each request, with the same key, until the response is final.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::request::Request;

/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The time without a final response after which the system counts as broken.
const FINAL_RESPONSE_MAX: Duration = Duration::from_secs(90);
/// The pause between two attempts, in milliseconds. Shorter than `Retry-After`, to save time.
const PAUSE_MS: std::ops::Range<u64> = 50..300;

/// An HTTP client with a tenant's API key.
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: String,
    attempts: AtomicU64,
    responses: watch::Sender<u64>,
    /// The number of attempts without a final response, by reason.
    unknown: Mutex<BTreeMap<String, u64>>,
}

/// The body of a 202.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    pub batch_id: Uuid,
    pub total_transactions: i32,
    pub inserted: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub removed: i32,
    pub removed_unknown: i32,
}

/// A response that does not change when the request is repeated.
#[derive(Clone, Debug)]
pub struct FinalResponse {
    pub status: StatusCode,
    pub body: String,
}

/// No final response within the time limit.
#[derive(Debug, thiserror::Error)]
#[error("no final response after {} s, the last was {last}", FINAL_RESPONSE_MAX.as_secs())]
pub struct NoFinalResponse {
    last: String,
}

impl Api {
    /// A client of the API at `base`.
    ///
    /// # Errors
    /// If the TLS backend cannot be initialised.
    pub fn new(base: String, key: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(ATTEMPT_TIMEOUT).build()?;
        let (attempts, unknown) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { http, base, key, attempts, responses: watch::Sender::new(0), unknown })
    }

    /// The number of requests sent, repeats included.
    pub fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The number of attempts without a final response, by reason.
    pub fn unknown(&self) -> BTreeMap<String, u64> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the next final response.
    pub async fn next_response(&self) {
        // It cannot fail, since `self` holds the sender.
        drop(self.responses.subscribe().changed().await);
    }

    /// Sends a batch until the response is final.
    ///
    /// # Errors
    /// [`NoFinalResponse`].
    pub async fn submit(&self, request: &Request) -> Result<FinalResponse, NoFinalResponse> {
        self.until_final(|| {
            let call = self
                .call(Method::POST, request.path())
                .header("content-type", "application/json")
                .body(request.body.clone());
            if request.key_in_header { call.header("idempotency-key", &request.key) } else { call }
        })
        .await
    }

    /// Sends a request without a body until the response is final.
    ///
    /// # Errors
    /// [`NoFinalResponse`].
    pub async fn send(&self, method: Method, path: &str) -> Result<FinalResponse, NoFinalResponse> {
        self.until_final(|| self.call(method.clone(), path)).await
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    fn count_unknown(&self, reason: String) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        *unknown.entry(reason).or_default() += 1;
    }

    async fn until_final(
        &self,
        call: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<FinalResponse, NoFinalResponse> {
        let started = Instant::now();
        loop {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            let last = match read(call().send().await).await {
                Ok(response) => {
                    self.responses.send_modify(|count| *count += 1);
                    return Ok(response);
                }
                Err(last) => last,
            };
            self.count_unknown(last.reason);
            if started.elapsed() > FINAL_RESPONSE_MAX {
                return Err(NoFinalResponse { last: last.detail });
            }
            sleep(pause()).await;
        }
    }
}

fn pause() -> Duration {
    Duration::from_millis(rand::rng().random_range(PAUSE_MS))
}

/// Why a response is not final.
struct Unknown {
    /// A word for the statistics.
    reason: String,
    detail: String,
}

impl From<reqwest::Error> for Unknown {
    fn from(error: reqwest::Error) -> Self {
        let reason = if error.is_timeout() { "timeout" } else { "connection" };
        Self { reason: reason.to_owned(), detail: error.to_string() }
    }
}

/// Reads a response, and decides whether it is final.
async fn read(outcome: reqwest::Result<reqwest::Response>) -> Result<FinalResponse, Unknown> {
    let response = outcome?;
    let status = response.status();
    let has_retry_after = response.headers().contains_key(RETRY_AFTER);
    let body = response.text().await?;
    if has_retry_after || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Unknown { reason: status.as_str().to_owned(), detail: body });
    }
    Ok(FinalResponse { status, body })
}
