//! A successful response.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// The header that carries the correlation id, in requests and responses.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// The content type of most responses.
const JSON: &str = "application/json";

/// A status, headers and a body, or none.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// Headers in addition to the content type and the correlation id, which every response has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The content type of the body.
    pub content_type: &'static str,
    /// The body; empty for none.
    pub body: Cow<'static, str>,
}

impl Response {
    /// A response with a value as its JSON body.
    ///
    /// # Errors
    /// If the value cannot be serialised, which is a defect of its type.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::text(status, JSON, serde_json::to_string(value)?))
    }

    /// A response with a JSON document.
    #[must_use]
    pub fn json_document(document: &'static str) -> Self {
        Self::text(StatusCode::OK, JSON, document)
    }

    /// A response with a body of any type of text.
    #[must_use]
    pub fn text(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, headers: Vec::new(), content_type, body: body.into() }
    }

    /// A response without a body.
    #[must_use]
    pub const fn empty(status: StatusCode) -> Self {
        let body = Cow::Borrowed("");
        Self { status, headers: Vec::new(), content_type: JSON, body }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
