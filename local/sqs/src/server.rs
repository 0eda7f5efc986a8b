//! The endpoint itself: a loopback port, HTTP around the operations, and its end.

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

/// Largest request. JSON may write one byte of a message as six (`\u0009`), and as much again
/// leaves room for the rest.
const REQUEST_SIZE_MAX: usize = 12 * MESSAGE_SIZE_MAX;
/// How long [`SqsServer::stop`] waits for clients that are in the middle of a request.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const TARGET_PREFIX: &str = "AmazonSQS.";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// A running endpoint. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct SqsServer {
    app: Arc<App>,
    endpoint_url: String,
    serving: JoinHandle<()>,
}

impl SqsServer {
    /// Starts on 127.0.0.1; port 0 = any free port. Must be called within a Tokio runtime, and
    /// serves as long as that runtime lives.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(port: u16) -> std::io::Result<SqsServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let endpoint_url = format!("http://{}", listener.local_addr()?);
        let app = Arc::new(App::new(endpoint_url.clone()));
        let router = Router::new()
            .route("/", post(answer))
            .layer(DefaultBodyLimit::max(REQUEST_SIZE_MAX))
            .with_state(app.clone());
        // Small answers on a kept connection would otherwise wait for the client's delayed ACK.
        let listener = listener.tap_io(|stream| {
            if let Err(cause) = stream.set_nodelay(true) {
                tracing::debug!(%cause, "connection without TCP_NODELAY");
            }
        });
        let stopping = app.stopping.clone().cancelled_owned();
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopping).await;
            if let Err(cause) = served {
                tracing::error!(%cause, "SQS endpoint ended");
            }
        });
        Ok(SqsServer { app, endpoint_url, serving })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn endpoint_url(&self) -> String {
        self.endpoint_url.clone()
    }

    /// The faults of this endpoint, to switch on and off while it runs.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.app.faults
    }

    /// Stops. The port is closed when this returns; receives that wait are answered at once, with
    /// no messages, and running move tasks end where they are. Clients in the middle of a request
    /// get two seconds.
    pub async fn stop(mut self) {
        self.app.stopping.cancel();
        if timeout(STOP_TIMEOUT, &mut self.serving).await.is_err() {
            tracing::debug!("SQS endpoint stopped with requests under way");
            self.serving.abort();
        }
    }
}

impl Drop for SqsServer {
    fn drop(&mut self) {
        self.app.stopping.cancel();
    }
}

async fn answer(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix(TARGET_PREFIX);
    let outcome = if app.faults.refuses(operation.unwrap_or_default()) {
        Err(SqsError::ServiceUnavailable)
    } else {
        match operation {
            Some(operation) => operations::perform(&app, operation, &body).await,
            None => Err(SqsError::UnknownOperation(target.to_owned())),
        }
    };
    let delay = app.faults.answer_delay();
    if !delay.is_zero() {
        tokio::select! {
            () = sleep(delay) => {}
            () = app.stopping.cancelled() => {}
        }
    }
    match outcome {
        Ok(answer) => response(StatusCode::OK, HeaderMap::new(), &answer),
        Err(error) => {
            tracing::debug!(target, code = error.code(), "SQS call refused");
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
