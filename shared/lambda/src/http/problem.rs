//! The response to a rejected or failed request: `application/problem+json` (RFC 9457).

use std::error::Error;

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use tributary_domain::{CorrelationId, Fault, RequestError};
use tributary_store::StoreError;

/// The cause of a failure. It is logged and never sent to the caller.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A rejected or failed request.
#[derive(Debug)]
pub enum Problem {
    /// The body is not JSON, or not valid gzip; the text says where or why.
    NotJson(String),
    /// The credential is missing or invalid.
    Unauthorized,
    /// The tenant has no such resource.
    NotFound,
    /// The path has these other methods.
    MethodNotAllowed(Vec<&'static str>),
    /// The idempotency key was used for other content.
    KeyReused,
    /// A request with the same key or for the same rows is in progress.
    UnderWay,
    /// The body exceeds the limit.
    TooLarge {
        /// The limit in bytes.
        bytes_max: usize,
    },
    /// The content type is not JSON.
    UnsupportedMediaType,
    /// The request is invalid, with the location and reason of each fault.
    Invalid(Vec<Fault>),
    /// The tenant has reached one of its limits; the text says which.
    TooManyRequests(&'static str),
    /// A dependency is unavailable.
    Unavailable(Cause),
    /// A defect.
    Internal(Cause),
}

/// The body of a problem.
#[derive(Serialize)]
struct Body<'p> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'p str,
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    errors: &'p [Fault],
    correlation_id: &'p CorrelationId,
}

/// The fixed parts of a problem.
struct Wording<'p> {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: std::borrow::Cow<'p, str>,
}

impl Problem {
    /// The content type of every problem.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";
    /// The value of `Retry-After`, in seconds.
    pub const RETRY_AFTER_SECONDS: &'static str = "5";

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.wording().status
    }

    /// The cause to log, if any.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(cause) | Self::Internal(cause) => Some(cause),
            Self::NotJson(_)
            | Self::Unauthorized
            | Self::NotFound
            | Self::MethodNotAllowed(_)
            | Self::KeyReused
            | Self::UnderWay
            | Self::TooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::Invalid(_)
            | Self::TooManyRequests(_) => None,
        }
    }

    /// The headers of the response.
    #[must_use]
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::UnderWay | Self::TooManyRequests(_) | Self::Unavailable(_) => {
                vec![(header::RETRY_AFTER, HeaderValue::from_static(Self::RETRY_AFTER_SECONDS))]
            }
            Self::Unauthorized => {
                vec![(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))]
            }
            Self::MethodNotAllowed(methods) => HeaderValue::from_str(&methods.join(", "))
                .map(|methods| vec![(header::ALLOW, methods)])
                .unwrap_or_default(),
            Self::NotJson(_)
            | Self::NotFound
            | Self::KeyReused
            | Self::TooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::Invalid(_)
            | Self::Internal(_) => Vec::new(),
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self, correlation_id: &CorrelationId) -> String {
        let wording = self.wording();
        let errors = match self {
            Self::Invalid(faults) => faults.as_slice(),
            _ => &[],
        };
        serde_json::to_string(&Body {
            r#type: format!("urn:tributary:problem:{}", wording.name),
            title: wording.title,
            status: wording.status.as_u16(),
            detail: &wording.detail,
            errors,
            correlation_id,
        })
        // Serialising strings and numbers cannot fail.
        .unwrap_or_default()
    }

    fn wording(&self) -> Wording<'_> {
        let (status, name, title, detail) = match self {
            Self::NotJson(place) => {
                (StatusCode::BAD_REQUEST, "not-json", "The body is not JSON", place.as_str())
            }
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A valid API key is required",
                "Send it as Authorization: Bearer, or as X-API-Key.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not-found", "Not found", "The resource was not found.")
            }
            Self::MethodNotAllowed(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
                "The Allow header names the methods of this path.",
            ),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key was used before",
                "It was used for a request with other content. Use a new key for a new request.",
            ),
            Self::UnderWay => (
                StatusCode::CONFLICT,
                "request-under-way",
                "The same request is in progress",
                "Retry after the number of seconds in Retry-After.",
            ),
            Self::TooLarge { bytes_max } => {
                return Wording {
                    status: StatusCode::PAYLOAD_TOO_LARGE,
                    name: "body-too-large",
                    title: "The body is too large",
                    detail: format!("A body may have {bytes_max} bytes.").into(),
                };
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body must be JSON",
                "Send it with Content-Type: application/json, in UTF-8, plain or with Content-Encoding: gzip.",
            ),
            Self::Invalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-request",
                "The request is not valid",
                "Nothing was stored. Each entry of errors gives the place and the reason.",
            ),
            Self::TooManyRequests(limit) => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests", *limit)
            }
            Self::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Service unavailable",
                "Retry after the number of seconds in Retry-After. \
                 With the same idempotency key nothing is stored twice.",
            ),
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal server error",
                "It is logged under the correlation id.",
            ),
        };
        Wording { status, name, title, detail: detail.into() }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::DuplicateKey { .. } => Self::UnderWay,
            StoreError::Unexpected(_) => Self::Internal(error.into()),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotJson { line, column } => {
                Self::NotJson(format!("It stops being JSON at line {line}, column {column}."))
            }
            RequestError::Invalid(faults) => Self::Invalid(faults),
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.into())
    }
}

#[cfg(test)]
mod tests {
    use tributary_domain::{FaultCode, FaultPlace};

    use super::*;

    fn body(problem: &Problem) -> serde_json::Value {
        let correlation = CorrelationId::accept("c-1").unwrap();
        serde_json::from_str(&problem.body(&correlation)).unwrap()
    }

    #[test]
    fn problem_never_shows_its_cause() {
        let problem = Problem::Internal("password=hunter2".into());
        assert_eq!(
            body(&problem),
            serde_json::json!({
                "type": "urn:tributary:problem:internal",
                "title": "Internal server error",
                "status": 500,
                "detail": "It is logged under the correlation id.",
                "correlation_id": "c-1"
            })
        );
    }

    #[test]
    fn faults_are_listed_with_pointers() {
        let fault = Fault {
            place: FaultPlace::Pointer("/transactions/0/amount".into()),
            code: FaultCode::Required,
            detail: "is required".into(),
        };
        let body = body(&Problem::Invalid(vec![fault]));
        assert_eq!(body["status"], 422);
        assert_eq!(body["errors"][0]["pointer"], "/transactions/0/amount");
        assert_eq!(body["errors"][0]["code"], "required");
    }

    #[test]
    fn retryable_problem_has_retry_after() {
        let busy = Problem::TooManyRequests("Too many.");
        for problem in [Problem::UnderWay, busy, Problem::Unavailable("gone".into())] {
            assert_eq!(problem.headers()[0].0, header::RETRY_AFTER);
        }
        assert_eq!(Problem::MethodNotAllowed(vec!["GET"]).headers()[0].1, "GET");
    }
}
