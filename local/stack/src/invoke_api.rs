//! Lambda's `Invoke` API, for clients that use an AWS SDK, such as `tributary --function`.
//! Only synchronous invocations are supported, and signatures are not verified.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use std::io;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::invocation::{InvokeError, PAYLOAD_BYTES_MAX};
use crate::lambda::Lambda;
use crate::listener::LoopbackServer;

/// A running server.
pub(crate) struct InvokeApi {
    server: LoopbackServer,
}

impl InvokeApi {
    /// Listens on a free port of the loopback interface.
    pub(crate) async fn start(lambda: Lambda) -> io::Result<Self> {
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            // One byte over the limit is accepted here, so that Lambda itself rejects it.
            .layer(DefaultBodyLimit::max(PAYLOAD_BYTES_MAX + 1))
            .with_state(lambda);
        Ok(Self { server: LoopbackServer::start(router, "Invoke API").await? })
    }

    /// The value for `AWS_ENDPOINT_URL_LAMBDA`.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }
}

async fn invoke(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text("x-amz-invocation-type").is_some_and(|given| given != "RequestResponse") {
        let message = "Only synchronous invocations are supported.";
        return error_response(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    }
    match lambda.invoke(&name, payload, text("x-amzn-trace-id")).await {
        Ok(invocation) => {
            let version = [("x-amz-executed-version", "$LATEST")];
            (StatusCode::OK, version, invocation.payload).into_response()
        }
        Err(error) => invoke_error_response(&error),
    }
}

/// As on Lambda: errors of the service have an HTTP status, errors of the function a header.
fn invoke_error_response(error: &InvokeError) -> Response {
    let status = match error {
        InvokeError::UnknownFunction(_) => StatusCode::NOT_FOUND,
        InvokeError::Throttled => StatusCode::TOO_MANY_REQUESTS,
        InvokeError::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        InvokeError::Stopping => StatusCode::INTERNAL_SERVER_ERROR,
        InvokeError::Function(error) | InvokeError::Init(error) => {
            return function_error_response(&error.error_type, &error.error_message);
        }
        InvokeError::TimedOut(_) | InvokeError::Exited(_) => {
            return function_error_response(error.error_type(), &error.to_string());
        }
    };
    error_response(status, error.error_type(), &error.to_string())
}

fn function_error_response(error_type: &str, error_message: &str) -> Response {
    let body = json!({"errorType": error_type, "errorMessage": error_message});
    (StatusCode::OK, [("x-amz-function-error", "Unhandled")], Json(body)).into_response()
}

fn error_response(status: StatusCode, error_type: &str, message: &str) -> Response {
    let body = json!({"Type": "User", "Message": message});
    (status, [("x-amzn-errortype", error_type.to_owned())], Json(body)).into_response()
}
