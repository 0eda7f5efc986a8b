//! An answer that a handler gives when all went well.

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// The header that carries the correlation id, both ways.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// A status, headers and a body of JSON.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Headers beyond the content type and the correlation id, which every answer has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, JSON.
    pub body: String,
}

impl Answer {
    /// An answer of JSON.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, a defect of its type.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { status, headers: Vec::new(), body: serde_json::to_string(value)? })
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
