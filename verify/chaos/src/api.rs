//! Repeats each request, with the same key, until the response is final.
//!
//! Not by the client's own policy: the pauses are shorter than `Retry-After`, to save time, and
//! each attempt without a final response is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tributary_client::{Client, Error, Response, StatusCode};

use crate::request::Request;

/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The time without a final response after which the system counts as broken.
const FINAL_RESPONSE_MAX: Duration = Duration::from_secs(90);
/// The pause between two attempts, in milliseconds. Shorter than `Retry-After`, to save time.
const PAUSE_MS: std::ops::Range<u64> = 50..300;

/// A client with a tenant's API key.
pub struct Api {
    client: Client,
    attempts: AtomicU64,
    responses: watch::Sender<u64>,
    /// The number of attempts without a final response, by reason.
    unknown: Mutex<BTreeMap<String, u64>>,
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
    /// If TLS cannot be set up.
    pub fn new(base: &str, key: &str) -> Result<Self, Error> {
        let client = Client::new(base)?.with_key(key)?.with_timeout(ATTEMPT_TIMEOUT);
        let (attempts, unknown) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { client, attempts, responses: watch::Sender::new(0), unknown })
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
        match request.to_http() {
            Ok(request) => self.send(&request).await,
            Err(error) => Err(NoFinalResponse { last: error.to_string() }),
        }
    }

    /// Sends a request until the response is final.
    ///
    /// # Errors
    /// [`NoFinalResponse`].
    pub async fn send(
        &self,
        request: &tributary_client::Request,
    ) -> Result<FinalResponse, NoFinalResponse> {
        let started = Instant::now();
        loop {
            self.attempts.fetch_add(1, Ordering::Relaxed);
            let last = match read(self.client.send(request).await) {
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

    fn count_unknown(&self, reason: String) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        *unknown.entry(reason).or_default() += 1;
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

impl From<Error> for Unknown {
    fn from(error: Error) -> Self {
        let reason = match &error {
            Error::Transport(cause) if cause.is_timeout() => "timeout",
            _ => "connection",
        };
        Self { reason: reason.to_owned(), detail: error.to_string() }
    }
}

/// Decides whether a response is final.
fn read(outcome: Result<Response, Error>) -> Result<FinalResponse, Unknown> {
    let response = outcome?;
    let (status, retry_after) = (response.status, response.retry_after());
    let body = String::from_utf8_lossy(&response.body).into_owned();
    let is_temporary = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if retry_after.is_some() || is_temporary {
        return Err(Unknown { reason: status.as_str().to_owned(), detail: body });
    }
    Ok(FinalResponse { status, body })
}
