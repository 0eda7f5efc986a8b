//! A client that does not give up: it sends a request again, under the same key, until the answer is
//! definite.

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

/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long until an answer that is not definite counts as a fault of the system.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between two tries, in milliseconds. `Retry-After` says longer; nobody here has the time.
const PAUSE_MS: std::ops::Range<u64> = 50..300;

/// Speaks to the system with the key of its tenant.
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: String,
    tries: AtomicU64,
    answers: watch::Sender<u64>,
    /// Tries whose outcome stayed unknown, by what came instead.
    unknown: Mutex<BTreeMap<String, u64>>,
}

/// The body of a 202.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    /// The batch that the request became.
    pub batch_id: Uuid,
    /// Its transactions.
    pub total_transactions: i32,
    /// Those that nobody had.
    pub inserted: i32,
    /// Those that were known with other content.
    pub updated: i32,
    /// Those that were known as they are.
    pub unchanged: i32,
}

/// An answer that will not change.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: String,
}

/// No definite answer came for so long that a client would call somebody.
#[derive(Debug, thiserror::Error)]
#[error("no definite answer after {} s, the last was {last}", PATIENCE.as_secs())]
pub struct NoAnswer {
    last: String,
}

impl Api {
    /// A client of the system at `base`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(base: String, key: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(TRY_TIMEOUT).build()?;
        let (tries, unknown) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { http, base, key, tries, answers: watch::Sender::new(0), unknown })
    }

    /// Requests that were sent, repeats included.
    pub fn tries(&self) -> u64 {
        self.tries.load(Ordering::Relaxed)
    }

    /// Those of them whose outcome stayed unknown: how many came to what end.
    pub fn unknown(&self) -> BTreeMap<String, u64> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the next definite answer.
    pub async fn next_answer(&self) {
        // The sender is ours, so there is one.
        drop(self.answers.subscribe().changed().await);
    }

    /// Sends a batch until it is answered.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn submit(&self, request: &Request) -> Result<Answer, NoAnswer> {
        self.until_definite(|| {
            let path = "/api/integrations/transactions/";
            let call = self
                .call(Method::POST, path)
                .header("content-type", "application/json")
                .body(request.body.clone());
            if request.key_in_header { call.header("idempotency-key", &request.key) } else { call }
        })
        .await
    }

    /// Asks something until it is answered.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn ask(&self, method: Method, path: &str) -> Result<Answer, NoAnswer> {
        self.until_definite(|| self.call(method.clone(), path)).await
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    fn count(&self, end: String) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        *unknown.entry(end).or_default() += 1;
    }

    async fn until_definite(
        &self,
        call: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Answer, NoAnswer> {
        let begun = Instant::now();
        loop {
            self.tries.fetch_add(1, Ordering::Relaxed);
            let last = match read(call().send().await).await {
                Ok(answer) => {
                    self.answers.send_modify(|count| *count += 1);
                    return Ok(answer);
                }
                Err(last) => last,
            };
            self.count(last.end);
            if begun.elapsed() > PATIENCE {
                return Err(NoAnswer { last: last.detail });
            }
            sleep(pause()).await;
        }
    }
}

fn pause() -> Duration {
    Duration::from_millis(rand::rng().random_range(PAUSE_MS))
}

/// What came instead of a definite answer.
struct Unknown {
    /// In a word or two, for the statistics.
    end: String,
    detail: String,
}

impl From<reqwest::Error> for Unknown {
    fn from(error: reqwest::Error) -> Self {
        let end = if error.is_timeout() { "timeout" } else { "connection" };
        Self { end: end.to_owned(), detail: error.to_string() }
    }
}

/// The answer, if it is definite.
async fn read(outcome: reqwest::Result<reqwest::Response>) -> Result<Answer, Unknown> {
    let response = outcome?;
    let status = response.status();
    let later = response.headers().contains_key(RETRY_AFTER);
    let body = response.text().await?;
    if later || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Unknown { end: status.as_str().to_owned(), detail: body });
    }
    Ok(Answer { status, body })
}
