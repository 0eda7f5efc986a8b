//! The client: address, key, and how requests are sent.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Url, redirect};
use serde::de::DeserializeOwned;

use crate::{Error, Request, Response, RetryPolicy};

/// The time limit of an attempt: API Gateway's limit of 29 seconds, and a margin.
const TIMEOUT: Duration = Duration::from_secs(30);
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// A client of one system.
///
/// Clones, and clients with other settings that are made of it, share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    headers: HeaderMap,
    timeout: Duration,
    retries: Option<RetryPolicy>,
}

impl Client {
    /// A client of the system at an address, such as `http://127.0.0.1:8080`. It has no key.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the address is no URL with `http` or `https`; [`Error::Transport`] if
    /// TLS cannot be set up.
    pub fn new(url: &str) -> Result<Self, Error> {
        let base: Url =
            url.parse().map_err(|error| Error::Invalid(format!("{url} is not a URL: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(Error::Invalid(format!("{url} is not a URL of HTTP")));
        }
        // The API redirects nothing. A redirect would repeat the body elsewhere.
        let http = reqwest::Client::builder().redirect(redirect::Policy::none());
        let http = http.build().map_err(Error::Transport)?;
        Ok(Self { http, base, headers: HeaderMap::new(), timeout: TIMEOUT, retries: None })
    }

    /// The same client with this API key or token.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it has characters that a header cannot have.
    pub fn with_key(mut self, key: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| Error::Invalid("the API key has invalid characters".to_owned()))?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// The same client, whose requests have this correlation id: 1 to 128 letters, digits and
    /// `._:-`. Without it, the API creates one for each request.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it has characters that a header cannot have.
    pub fn with_correlation_id(mut self, id: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(id)
            .map_err(|_| Error::Invalid("the correlation id has invalid characters".to_owned()))?;
        self.headers.insert(CORRELATION_ID, value);
        Ok(self)
    }

    /// The same client with this time limit for each attempt, in place of 30 seconds.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same client, whose calls are repeated. [`Client::send`] is not.
    #[must_use]
    pub fn with_retries(self, policy: RetryPolicy) -> Self {
        Self { retries: Some(policy), ..self }
    }

    /// Sends any request once, and returns the response whatever its status.
    ///
    /// # Errors
    /// [`Error::Transport`] if there is no complete response, [`Error::Invalid`] if the request
    /// cannot be sent, [`Error::Unexpected`] if the response is too large.
    pub async fn send(&self, request: &Request) -> Result<Response, Error> {
        let mut call = self
            .http
            .request(request.method.clone(), request.url(&self.base)?)
            .timeout(self.timeout)
            .headers(self.headers.clone())
            .headers(request.headers.clone());
        if let Some(body) = &request.body {
            call = call.body(body.clone());
        }
        Response::read(call.send().await.map_err(Error::Transport)?).await
    }

    /// Sends a request, and repeats it if the client has a policy and the request is idempotent.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Response, Error> {
        let policy = self.retries.filter(|_| request.is_idempotent);
        let mut attempt = 1;
        loop {
            let outcome = self.send(request).await;
            match policy.and_then(|policy| policy.pause(attempt, &outcome)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return outcome,
            }
            attempt += 1;
        }
    }

    /// Sends a request and reads the body of its success.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        self.exchange(request).await?.json()
    }
}
