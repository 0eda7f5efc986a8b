//! Lambda's `Invoke` over HTTP, for what speaks to Lambda by an AWS SDK: the `tributary` command with
//! `--function`. Synchronous invocations alone; signatures are not looked at.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::invocation::{InvokeError, PAYLOAD_BYTES_MAX};
use crate::lambda::Lambda;
use crate::listener::without_delay;

/// A running server.
pub(crate) struct InvokeApi {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl InvokeApi {
    /// Listens on a free port of the loopback interface.
    pub(crate) async fn start(lambda: Lambda) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            // One more than is taken, so that Lambda itself says what is too large.
            .layer(DefaultBodyLimit::max(PAYLOAD_BYTES_MAX + 1))
            .with_state(lambda);
        let listener = without_delay(listener);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the Invoke API stopped");
            }
        });
        Ok(Self { address, server })
    }

    /// What `AWS_ENDPOINT_URL_LAMBDA` is to be.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for InvokeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn invoke(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
    headers: HeaderMap,
    payload: Bytes,
) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text("x-amz-invocation-type").is_some_and(|kind| kind != "RequestResponse") {
        let message = "Only synchronous invocations are served here.";
        return refusal(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    }
    match lambda.invoke(&name, payload, text("x-amzn-trace-id")).await {
        Ok(invocation) => {
            let version = [("x-amz-executed-version", "$LATEST")];
            (StatusCode::OK, version, invocation.payload).into_response()
        }
        Err(error) => failure(&error),
    }
}

/// An invocation that failed: of the service's own errors the status tells, of the function's a header.
fn failure(error: &InvokeError) -> Response {
    let status = match error {
        InvokeError::UnknownFunction(_) => StatusCode::NOT_FOUND,
        InvokeError::Throttled => StatusCode::TOO_MANY_REQUESTS,
        InvokeError::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        InvokeError::Stopping => StatusCode::INTERNAL_SERVER_ERROR,
        InvokeError::Function(own) | InvokeError::Init(own) => {
            return unhandled(&own.error_type, &own.error_message);
        }
        InvokeError::TimedOut(_) | InvokeError::Exited(_) => {
            return unhandled(error.error_type(), &error.to_string());
        }
    };
    refusal(status, error.error_type(), &error.to_string())
}

fn unhandled(error_type: &str, error_message: &str) -> Response {
    let body = json!({"errorType": error_type, "errorMessage": error_message});
    (StatusCode::OK, [("x-amz-function-error", "Unhandled")], Json(body)).into_response()
}

fn refusal(status: StatusCode, error_type: &str, message: &str) -> Response {
    let body = json!({"Type": "User", "Message": message});
    (status, [("x-amzn-errortype", error_type.to_owned())], Json(body)).into_response()
}
