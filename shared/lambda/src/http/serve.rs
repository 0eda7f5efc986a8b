//! Runs an HTTP function: every request gets a correlation id, a log line and a well-formed answer.

use std::time::Instant;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};
use tracing::{Instrument, error, info, info_span};
use tributary_domain::CorrelationId;
use uuid::Uuid;

use super::answer::{Answer, CORRELATION_HEADER};
use super::incoming::{self, Incoming};
use super::problem::Problem;
use crate::error_chain::Chain;
use crate::metrics::Metrics;
use crate::trace;

/// What an HTTP function does with its requests.
pub trait Handler: Send + Sync {
    /// The function that it is the handler of, as [`ROUTES`](crate::routes::ROUTES) names it.
    const FUNCTION: &'static str;

    /// Answers one request of a route of this function.
    fn handle(&self, incoming: &Incoming) -> impl Future<Output = Result<Answer, Problem>> + Send;
}

/// Serves requests until Lambda ends the process; what was measured of each is written before its answer.
///
/// # Errors
/// If the Lambda Runtime API cannot be spoken to.
pub async fn run<H: Handler>(handler: H, metrics: Metrics) -> Result<(), Error> {
    let (handler, metrics) = (&handler, &metrics);
    lambda_http::run(service_fn(async move |request: Request| {
        let response = answer(handler, request).await;
        metrics.flush();
        Ok::<_, Error>(response)
    }))
    .await
}

/// Answers one request, whatever becomes of it, and logs it.
pub async fn answer<H: Handler>(handler: &H, request: Request) -> Response<Body> {
    let started = Instant::now();
    let correlation = incoming::correlation_of(&request)
        .unwrap_or_else(|| CorrelationId::from_uuid(Uuid::now_v7()));
    let xray_trace_id = incoming::trace_header_of(&request).and_then(trace::id_of);
    let span = info_span!("request", correlation_id = %correlation, xray_trace_id);
    async {
        let method = request.method().clone();
        let path = request.raw_http_path().to_owned();
        let client_ip = incoming::client_ip_of(&request);
        let outcome = match Incoming::of(request, correlation.clone(), H::FUNCTION) {
            Ok(incoming) => handler.handle(&incoming).await,
            Err(problem) => Err(problem),
        };
        if let Some(cause) = outcome.as_ref().err().and_then(Problem::cause) {
            error!(error = %Chain(cause.as_ref()), "request failed");
        }
        let response = respond(outcome, &correlation);
        info!(
            %method,
            path,
            client_ip,
            status = response.status().as_u16(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request answered"
        );
        response
    }
    .instrument(span)
    .await
}

/// Writes an answer or a problem as HTTP.
fn respond(outcome: Result<Answer, Problem>, correlation: &CorrelationId) -> Response<Body> {
    let (status, headers, content_type, body) = match outcome {
        Ok(answer) => (answer.status, answer.headers, "application/json", answer.body),
        Err(problem) => {
            let body = problem.body(correlation);
            (problem.status(), problem.headers(), Problem::CONTENT_TYPE, body)
        }
    };
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_str(correlation.as_str()) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    let headers: Vec<(HeaderName, HeaderValue)> = headers;
    response.headers_mut().extend(headers);
    response
}
