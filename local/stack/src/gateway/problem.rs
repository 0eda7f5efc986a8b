//! The gateway's own error responses, as `application/problem+json` (RFC 9457).
//!
//! They are equal to the gateway responses in the deployment template.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;
use tributary_domain::CorrelationId;
use tributary_lambda::http::{CORRELATION_HEADER, Problem as FunctionProblem};
use tributary_lambda::routes::NoRoute;

use crate::invocation::{InvokeError, PAYLOAD_BYTES_MAX};

/// `Retry-After` of a throttled request, in seconds.
const THROTTLED_RETRY_AFTER_SECONDS: &str = "1";

/// An error response of the gateway.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A problem that the functions return as well.
    Shared(FunctionProblem),
    UnreadableBody,
    HeadTooLarge {
        bytes_max: usize,
    },
    PathTooLong,
    Forbidden,
    Throttled,
    FunctionFailed,
    FunctionTooSlow,
}

impl Problem {
    pub(crate) fn unauthorized() -> Self {
        Self::Shared(FunctionProblem::Unauthorized)
    }

    /// A dependency is unavailable; `cause` is for the log.
    pub(crate) fn unavailable(cause: &'static str) -> Self {
        Self::Shared(FunctionProblem::Unavailable(cause.into()))
    }

    /// Reports Lambda's limit, which is lower than API Gateway's.
    pub(crate) fn body_too_large() -> Self {
        Self::Shared(FunctionProblem::TooLarge { bytes_max: PAYLOAD_BYTES_MAX })
    }

    /// The body is not in the content coding that the request declares.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::Shared(FunctionProblem::UnsupportedMediaType)
    }

    pub(crate) fn of_route(no_route: NoRoute) -> Self {
        Self::Shared(match no_route {
            NoRoute::UnknownPath => FunctionProblem::NotFound,
            NoRoute::OtherMethod(allowed) => FunctionProblem::MethodNotAllowed(allowed),
        })
    }

    /// The response if the invocation fails.
    pub(crate) fn of_invocation(error: &InvokeError) -> Self {
        match error {
            InvokeError::Throttled => Self::Throttled,
            InvokeError::PayloadTooLarge(_) => Self::body_too_large(),
            InvokeError::Stopping => Self::unavailable("the stack is stopping"),
            InvokeError::UnknownFunction(_)
            | InvokeError::Function(_)
            | InvokeError::TimedOut(_)
            | InvokeError::Exited(_)
            | InvokeError::Init(_) => Self::FunctionFailed,
        }
    }

    /// The HTTP response.
    pub(crate) fn into_response(self, correlation_id: &CorrelationId) -> Response<Body> {
        let (status, body) = match &self {
            Self::Shared(problem) => (problem.status(), problem.body(correlation_id)),
            Self::UnreadableBody => {
                let detail = "The body could not be read.";
                blank(StatusCode::BAD_REQUEST, detail, correlation_id)
            }
            Self::HeadTooLarge { bytes_max } => {
                let detail = format!("The request line and headers may have {bytes_max} bytes.");
                blank(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &detail, correlation_id)
            }
            Self::PathTooLong => {
                let detail = "The path is too long.";
                blank(StatusCode::URI_TOO_LONG, detail, correlation_id)
            }
            Self::Forbidden => {
                let detail = "The API key does not allow this call.";
                blank(StatusCode::FORBIDDEN, detail, correlation_id)
            }
            Self::Throttled => {
                let detail = "Too many requests are in progress.";
                blank(StatusCode::TOO_MANY_REQUESTS, detail, correlation_id)
            }
            Self::FunctionFailed => {
                let detail = "The service could not complete this call.";
                blank(StatusCode::BAD_GATEWAY, detail, correlation_id)
            }
            Self::FunctionTooSlow => {
                let detail = "The service did not complete this call in time.";
                blank(StatusCode::GATEWAY_TIMEOUT, detail, correlation_id)
            }
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.extend(self.headers());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FunctionProblem::CONTENT_TYPE));
        // A correlation id is always a valid header value.
        headers.extend(
            HeaderValue::from_str(correlation_id.as_str()).ok().map(|id| (CORRELATION_HEADER, id)),
        );
        response
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::Shared(problem) => problem.headers(),
            Self::Throttled => {
                vec![(RETRY_AFTER, HeaderValue::from_static(THROTTLED_RETRY_AFTER_SECONDS))]
            }
            Self::UnreadableBody
            | Self::HeadTooLarge { .. }
            | Self::PathTooLong
            | Self::Forbidden
            | Self::FunctionFailed
            | Self::FunctionTooSlow => Vec::new(),
        }
    }
}

/// A problem of type `about:blank`, whose title is the status phrase (RFC 9457).
fn blank(status: StatusCode, detail: &str, correlation_id: &CorrelationId) -> (StatusCode, String) {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
        "correlation_id": correlation_id.as_str(),
    });
    (status, body.to_string())
}
