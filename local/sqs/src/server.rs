//! The HTTP server of the endpoint on a loopback port.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::app::App;
use crate::errors::SqsError;
use crate::faults::Faults;
use crate::message::MESSAGE_SIZE_MAX;
use crate::operations;

/// Largest request body. JSON may need six bytes for one byte of a message (`\u0009`); twice that
/// leaves room for the other fields.
const REQUEST_SIZE_MAX: usize = 12 * MESSAGE_SIZE_MAX;
/// How long [`SqsServer::stop`] waits for running requests.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const TARGET_PREFIX: &str = "AmazonSQS.";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// A running endpoint. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct SqsServer {
    app: Arc<App>,
    endpoint_url: String,
    serving: JoinHandle<()>,
}

impl SqsServer {
    /// Starts on 127.0.0.1; port 0 selects a free port. Must be called within a Tokio runtime, and
    /// serves as long as that runtime runs.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start(port: u16) -> std::io::Result<SqsServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let endpoint_url = format!("http://{}", listener.local_addr()?);
        let app = Arc::new(App::new(endpoint_url.clone()));
        let router = Router::new()
            .route("/", post(handle))
            .layer(DefaultBodyLimit::max(REQUEST_SIZE_MAX))
            .with_state(app.clone());
        // Otherwise a small response on a kept-alive connection waits for the delayed ACK.
        let listener = listener.tap_io(|stream| {
            if let Err(cause) = stream.set_nodelay(true) {
                tracing::debug!(%cause, "cannot set TCP_NODELAY");
            }
        });
        let stopping = app.stopping.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopping).await;
            if let Err(cause) = served {
                tracing::error!(%cause, "SQS endpoint failed");
            }
        });
        Ok(SqsServer { app, endpoint_url, serving })
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn endpoint_url(&self) -> String {
        self.endpoint_url.clone()
    }

    /// The injected faults of this endpoint.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.app.faults
    }

    /// Stops the endpoint and closes its port. Long polls return immediately without messages,
    /// running move tasks stop, and other running requests have two seconds to finish.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        if timeout(STOP_TIMEOUT, &mut self.serving).await.is_err() {
            tracing::debug!("SQS endpoint stopped during running requests");
            self.serving.abort();
        }
    }
}

impl Drop for SqsServer {
    fn drop(&mut self) {
        self.app.stopping.cancel();
    }
}

async fn handle(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix(TARGET_PREFIX);
    let outcome = if app.faults.rejects(operation.unwrap_or_default()) {
        Err(SqsError::ServiceUnavailable)
    } else {
        match operation {
            Some(operation) => operations::perform(&app, operation, &body).await,
            None => Err(SqsError::UnknownOperation(target.to_owned())),
        }
    };
    let delay = app.faults.response_delay();
    if !delay.is_zero() {
        tokio::select! {
            () = sleep(delay) => {}
            () = app.stopping.cancelled() => {}
        }
    }
    match outcome {
        Ok(body) => response(StatusCode::OK, HeaderMap::new(), &body),
        Err(error) => {
            tracing::debug!(target, code = error.code(), "SQS request rejected");
            response(error.status(), error.headers(), &error.body())
        }
    }
}

fn response(status: StatusCode, mut headers: HeaderMap, body: &Value) -> Response {
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if let Ok(id) = HeaderValue::from_str(&Uuid::now_v7().to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    (status, headers, body.to_string()).into_response()
}
