//! Runs an HTTP function: each request gets a correlation id, a log line and a response.

use std::time::Instant;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use lambda_http::{Body, Error, RequestExt, service_fn};
use tracing::{Instrument, error, info, info_span};
use tributary_domain::CorrelationId;
use uuid::Uuid;

use super::problem::Problem;
use super::request::{self, Request};
use super::response::{CORRELATION_HEADER, Response};
use crate::error_chain::Chain;
use crate::metrics::Metrics;
use crate::routes::Call;
use crate::trace;

/// Handles the requests of an HTTP function.
pub trait Handler: Send + Sync {
    /// The calls that the function serves.
    type Call: Send;

    /// Returns the call as one of this function's own, or `None` if another function serves it.
    fn own_call(call: Call) -> Option<Self::Call>;

    /// Handles one request.
    fn handle(
        &self,
        call: Self::Call,
        request: &Request,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// Serves requests until Lambda ends the process. Writes the metrics of a request before its
/// response.
///
/// # Errors
/// If the Lambda Runtime API is unavailable.
pub async fn run<H: Handler>(handler: H, metrics: Metrics) -> Result<(), Error> {
    let (handler, metrics) = (&handler, &metrics);
    lambda_http::run(service_fn(async move |request: lambda_http::Request| {
        let response = respond(handler, request).await;
        metrics.flush();
        Ok::<_, Error>(response)
    }))
    .await
}

/// Handles and logs one request. Failures become problem responses.
pub async fn respond<H: Handler>(
    handler: &H,
    request: lambda_http::Request,
) -> lambda_http::Response<Body> {
    let started = Instant::now();
    let correlation = request::correlation_of(&request)
        .unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7()));
    let xray_trace_id = request::trace_header_of(&request).and_then(trace::id_of);
    let span = info_span!("request", correlation_id = %correlation, xray_trace_id);
    async {
        let method = request.method().clone();
        let path = request.raw_http_path().to_owned();
        let client_ip = request::client_ip_of(&request);
        let outcome = match Request::route(request, correlation.clone(), H::own_call) {
            Ok((call, request)) => handler.handle(call, &request).await,
            Err(problem) => Err(problem),
        };
        if let Some(cause) = outcome.as_ref().err().and_then(Problem::cause) {
            error!(error = %Chain(cause.as_ref()), "request failed");
        }
        let response = to_http(outcome, &correlation);
        info!(
            %method,
            path,
            client_ip,
            status = response.status().as_u16(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request completed"
        );
        response
    }
    .instrument(span)
    .await
}

fn to_http(
    outcome: Result<Response, Problem>,
    correlation: &CorrelationId,
) -> lambda_http::Response<Body> {
    let (status, headers, content_type, body) = match outcome {
        Ok(response) => {
            (response.status, response.headers, response.content_type, response.body.into_owned())
        }
        Err(problem) => {
            let body = problem.body(correlation);
            (problem.status(), problem.headers(), Problem::CONTENT_TYPE, body)
        }
    };
    let mut response = lambda_http::Response::new(Body::Text(body));
    *response.status_mut() = status;
    if !matches!(response.body(), Body::Text(body) if body.is_empty()) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Ok(value) = HeaderValue::from_str(correlation.as_str()) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    let headers: Vec<(HeaderName, HeaderValue)> = headers;
    response.headers_mut().extend(headers);
    response
}
