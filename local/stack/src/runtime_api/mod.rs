//! The Lambda Runtime API 2018-06-01: function processes fetch invocations and return results.
//!
//! One server serves every execution environment. Each environment has its own path prefix, which
//! is part of its `AWS_LAMBDA_RUNTIME_API`.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

mod mailbox;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

pub(crate) use mailbox::{Delivery, Fetched, Mailbox, Phase};

use crate::invocation::{FunctionError, PAYLOAD_BYTES_MAX};
use crate::listener::LoopbackServer;

const ACCEPTED: (StatusCode, &str) = (StatusCode::ACCEPTED, r#"{"status":"OK"}"#);

/// The mailbox of each environment, by its id.
type Mailboxes = Arc<Mutex<HashMap<String, Arc<Mailbox>>>>;

/// The server, and the environments that it accepts requests from.
pub(crate) struct RuntimeApi {
    mailboxes: Mailboxes,
    server: LoopbackServer,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    pub(crate) async fn start() -> io::Result<Self> {
        let mailboxes = Mailboxes::default();
        let router = Router::new()
            .route("/{environment}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{environment}/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/{environment}/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/{environment}/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&mailboxes));
        Ok(Self { mailboxes, server: LoopbackServer::start(router, "Runtime API").await? })
    }

    /// Registers an environment.
    pub(crate) fn open(&self, environment: &str) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new());
        lock(&self.mailboxes).insert(environment.to_owned(), Arc::clone(&mailbox));
        mailbox
    }

    /// Removes an environment whose process has ended.
    pub(crate) fn close(&self, environment: &str) {
        lock(&self.mailboxes).remove(environment);
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API` for an environment.
    ///
    /// On AWS it is `host:port`. With a path, the Rust runtime's client requires the scheme as well
    /// (`lambda_runtime_api_client` 1.1.1, `resolve_uri`).
    pub(crate) fn endpoint(&self, environment: &str) -> String {
        format!("{}/{environment}", self.server.url())
    }

    /// Closes the port. A process that polls for an event then exits.
    pub(crate) fn stop(&self) {
        self.server.stop();
    }
}

async fn next(State(mailboxes): State<Mailboxes>, Path(environment): Path<String>) -> Response {
    let Some(mailbox) = find(&mailboxes, &environment) else { return unknown_environment() };
    let Fetched { request_id, payload, trace, function_arn, timeout } = mailbox.fetch().await;
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let deadline_ms = (since_epoch + timeout).as_millis();
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", request_id)
        .header("Lambda-Runtime-Deadline-Ms", deadline_ms.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", function_arn)
        .header("Lambda-Runtime-Trace-Id", trace)
        .body(Body::from(payload))
        .unwrap_or_else(|error| {
            tracing::error!(%error, "an invocation cannot be written as HTTP headers");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
}

async fn response(
    State(mailboxes): State<Mailboxes>,
    Path((environment, request_id)): Path<(String, String)>,
    body: Body,
) -> Response {
    let Some(mailbox) = find(&mailboxes, &environment) else { return unknown_environment() };
    match to_bytes(body, PAYLOAD_BYTES_MAX).await {
        Ok(payload) => acknowledge(mailbox.finish(&request_id, Ok(payload))),
        Err(_too_large) => {
            let error = FunctionError::new(
                "Function.ResponseSizeTooLarge",
                format!(
                    "Response payload size exceeded maximum allowed payload size \
                     ({PAYLOAD_BYTES_MAX} bytes)."
                ),
            );
            let response = error_response(StatusCode::PAYLOAD_TOO_LARGE, &error);
            mailbox.finish(&request_id, Err(error));
            response
        }
    }
}

async fn error(
    State(mailboxes): State<Mailboxes>,
    Path((environment, request_id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Some(mailbox) = find(&mailboxes, &environment) else { return unknown_environment() };
    acknowledge(mailbox.finish(&request_id, Err(diagnostic(&body))))
}

async fn init_error(
    State(mailboxes): State<Mailboxes>,
    Path(environment): Path<String>,
    body: Bytes,
) -> Response {
    let Some(mailbox) = find(&mailboxes, &environment) else { return unknown_environment() };
    mailbox.fail_init(diagnostic(&body));
    ACCEPTED.into_response()
}

/// Reads `{errorType, errorMessage}`. Any other body becomes the message.
fn diagnostic(body: &[u8]) -> FunctionError {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostic {
        #[serde(default)]
        error_type: String,
        #[serde(default)]
        error_message: String,
    }
    match serde_json::from_slice(body) {
        Ok(Diagnostic { error_type, error_message }) => {
            FunctionError::new(error_type, error_message)
        }
        Err(_unknown_format) => FunctionError::new("Unhandled", String::from_utf8_lossy(body)),
    }
}

fn acknowledge(known: bool) -> Response {
    if known {
        ACCEPTED.into_response()
    } else {
        let error = FunctionError::new("InvalidRequestID", "Invalid request ID");
        error_response(StatusCode::BAD_REQUEST, &error)
    }
}

fn unknown_environment() -> Response {
    let error = FunctionError::new("InvalidEnvironment", "No such execution environment");
    error_response(StatusCode::FORBIDDEN, &error)
}

fn error_response(status: StatusCode, error: &FunctionError) -> Response {
    let body = json!({"errorType": error.error_type, "errorMessage": error.error_message});
    (status, Json(body)).into_response()
}

fn find(mailboxes: &Mailboxes, environment: &str) -> Option<Arc<Mailbox>> {
    lock(mailboxes).get(environment).cloned()
}

fn lock(mailboxes: &Mailboxes) -> MutexGuard<'_, HashMap<String, Arc<Mailbox>>> {
    mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
}
