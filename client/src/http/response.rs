//! A response of the API.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::{Error, Problem};

/// The maximum size of a body. A function of AWS Lambda responds with at most 6 MB.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A response of the API, whatever its status.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    pub(crate) async fn read(mut response: reqwest::Response) -> Result<Self, Error> {
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(Error::Transport)? {
            body.extend_from_slice(&chunk);
            if body.len() > BODY_BYTES_MAX {
                return Err(Error::Unexpected {
                    status,
                    reason: "its body is too large".to_owned(),
                });
            }
        }
        Ok(Self { status, headers, body: body.freeze() })
    }

    /// The header `X-Correlation-ID`, which every response of the API has.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.headers.get("x-correlation-id")?.to_str().ok()
    }

    /// The header `Retry-After`, which is present if the same request may succeed later.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        seconds.parse().ok().map(Duration::from_secs)
    }

    /// Reads the body of a success.
    ///
    /// # Errors
    /// [`Error::Problem`] for another status, [`Error::Unexpected`] if the body is not as expected.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.success()?;
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(error.to_string()))
    }

    /// Checks that the status is a success.
    ///
    /// # Errors
    /// [`Error::Problem`] if it is not, or [`Error::Unexpected`] if the body is no problem.
    pub fn success(&self) -> Result<(), Error> {
        if self.status.is_success() {
            return Ok(());
        }
        let mut problem: Problem = serde_json::from_slice(&self.body)
            .map_err(|_| self.unexpected("its body describes no problem".to_owned()))?;
        problem.status = self.status;
        problem.retry_after = self.retry_after();
        if problem.correlation_id.is_empty() {
            self.correlation_id().unwrap_or_default().clone_into(&mut problem.correlation_id);
        }
        Err(Error::Problem(Box::new(problem)))
    }

    fn unexpected(&self, reason: String) -> Error {
        Error::Unexpected { status: self.status, reason }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::Place;

    fn response(status: u16, body: &'static str) -> Response {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = HeaderMap::from_iter([
            (RETRY_AFTER, HeaderValue::from_static("5")),
            ("x-correlation-id".parse().unwrap(), HeaderValue::from_static("c-2")),
        ]);
        Response { status, headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn problem_lists_each_error_with_its_place() {
        let body = r#"{
            "type": "urn:tributary:problem:invalid-request", "title": "The request is not valid",
            "status": 422, "detail": "Nothing was stored.", "correlation_id": "c-1", "new": {},
            "errors": [
                {"pointer": "/accounts", "code": "required", "detail": "is required"},
                {"pointer": "", "code": "too-many-values", "detail": "has too many values"},
                {"parameter": "limit", "code": "invalid-format", "detail": "must be a number"},
                {"header": "Idempotency-Key", "code": "invalid-format", "detail": "is empty"},
                {"cookie": "of a later version", "code": "new", "detail": "is stale"}
            ]
        }"#;
        let error = response(422, body).json::<()>().unwrap_err();
        let expected = "422: The request is not valid. Nothing was stored. (correlation id c-1)\
            \n  /accounts: is required\
            \n  body: has too many values\
            \n  parameter limit: must be a number\
            \n  header Idempotency-Key: is empty\
            \n  is stale";
        assert_eq!(error.to_string(), expected);
        let problem = error.problem().unwrap();
        assert_eq!(problem.kind, "urn:tributary:problem:invalid-request");
        assert_eq!(problem.errors[0].place, Some(Place::Pointer("/accounts".to_owned())));
        assert_eq!(problem.errors[0].code, "required");
    }

    #[test]
    fn problem_has_what_the_headers_say() {
        let error = response(503, r#"{"title": "Unavailable"}"#).success().unwrap_err();
        let problem = error.problem().unwrap();
        assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem.retry_after, Some(Duration::from_secs(5)));
        assert_eq!((&*problem.kind, &*problem.correlation_id), ("about:blank", "c-2"));
    }

    #[test]
    fn body_that_is_not_of_the_api_is_unexpected() {
        for (status, body) in [(502, "<html>"), (200, "<html>"), (200, "{}"), (302, "")] {
            let error = response(status, body).json::<crate::Summary>().unwrap_err();
            assert!(matches!(error, Error::Unexpected { .. }), "{error}");
            assert_eq!(error.status().unwrap(), status);
        }
    }
}
