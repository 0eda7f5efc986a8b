//! A successful response.

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// The header that carries the correlation id, in requests and responses.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// A status, headers and a JSON body, or none.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// Headers in addition to the content type and the correlation id, which every response has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The JSON body; empty for none.
    pub body: String,
}

impl Response {
    /// A response with a value as its JSON body.
    ///
    /// # Errors
    /// If the value cannot be serialised, which is a defect of its type.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { status, headers: Vec::new(), body: serde_json::to_string(value)? })
    }

    /// A response without a body.
    #[must_use]
    pub const fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
