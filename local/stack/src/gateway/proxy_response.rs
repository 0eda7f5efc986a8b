//! Converts a function's response (API Gateway proxy response, version 1) into an HTTP response.
//!
//! As strict as API Gateway, which returns 502 for a malformed response. Unlike API Gateway, it
//! needs no `binaryMediaTypes` to decode a base64 body.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Deserialize;

/// Why a response is malformed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MalformedResponse {
    #[error("it is not a proxy response")]
    Form(#[from] serde_json::Error),
    #[error("its body is not base64")]
    Body(#[from] base64::DecodeError),
    #[error("its status code or a header cannot be sent")]
    Http(#[from] http::Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyResponse {
    status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, Scalar>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<Scalar>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// API Gateway accepts header values that are not strings and writes them as JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Bool(bool),
}

/// Parses a function's response.
pub(crate) fn read(payload: &[u8]) -> Result<Response<Body>, MalformedResponse> {
    let proxied: ProxyResponse = serde_json::from_slice(payload)?;
    let body = match (proxied.body, proxied.is_base64_encoded.unwrap_or(false)) {
        (None, _) => Body::empty(),
        (Some(text), false) => Body::from(text),
        (Some(text), true) => Body::from(STANDARD.decode(text)?),
    };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(proxied.status_code).map_err(http::Error::from)?)
        .body(body)?;
    let headers = response.headers_mut();
    // For a name in both maps, `multiValueHeaders` takes precedence.
    let multiple = proxied.multi_value_headers.unwrap_or_default();
    let single = proxied.headers.unwrap_or_default().into_iter();
    let single = single
        .filter(|(name, _)| !multiple.keys().any(|other| other.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (name, vec![value]))
        .collect::<Vec<_>>();
    for (name, values) in single.into_iter().chain(multiple) {
        let name = HeaderName::try_from(name).map_err(http::Error::from)?;
        // Headers of the connection are set by the gateway.
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        for value in values {
            headers.append(&name, value.try_into()?);
        }
    }
    // API Gateway's default content type.
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

impl TryFrom<Scalar> for HeaderValue {
    type Error = http::Error;

    fn try_from(value: Scalar) -> Result<Self, http::Error> {
        let text = match value {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Bool(bool) => bool.to_string(),
        };
        Ok(HeaderValue::try_from(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_and_multi_value_headers_are_sent_and_connection_headers_are_not() {
        let payload = br#"{"statusCode": 202, "body": "", "headers": {"Location": "/b", "X-N": 5,
            "Content-Length": "99", "x-many": "single"},
            "multiValueHeaders": {"X-Many": ["a", "b"]}}"#;
        let response = read(payload).unwrap();
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["location"], "/b");
        assert_eq!(response.headers()["x-n"], "5");
        assert!(!response.headers().contains_key("content-length"));
        let many: Vec<_> = response.headers().get_all("x-many").iter().collect();
        assert_eq!(many, ["a", "b"]);
    }

    #[test]
    fn invalid_proxy_response_is_malformed() {
        for payload in [
            r#""text""#,
            "null",
            r#"{"body": "no status"}"#,
            r#"{"statusCode": 200, "body": {"not": "a string"}}"#,
            r#"{"statusCode": 99, "body": ""}"#,
            r#"{"statusCode": 200, "body": "?", "isBase64Encoded": true}"#,
            r#"{"statusCode": 200, "headers": {"bad name": "x"}}"#,
        ] {
            assert!(read(payload.as_bytes()).is_err(), "{payload}");
        }
    }
}
