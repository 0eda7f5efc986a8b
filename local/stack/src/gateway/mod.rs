//! API Gateway: accepts HTTP requests, invokes the authorizer, then the function of the route.
//!
//! A REST API with Lambda proxy integrations and the routes of `tributary_lambda::routes`. It
//! differs from API Gateway, which returns 403 in both cases, by returning 404 for an unknown path
//! and 405 for an unknown method.

mod authorizer;
mod body;
mod compression;
mod event;
mod limits;
mod policy;
mod problem;
mod proxy_response;
#[cfg(test)]
mod template_tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use chrono::Utc;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tributary_domain::CorrelationId;
use tributary_lambda::http::CORRELATION_HEADER;
use tributary_lambda::routes::{self, Access};
use uuid::Uuid;

use self::authorizer::Authorizer;
use self::event::RequestFacts;
use self::problem::Problem;
use crate::lambda::{Lambda, new_trace};
use crate::listener::without_delay;

/// API Gateway's integration timeout.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The configuration of the gateway.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The network interface to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 selects a free port.
    pub port: u16,
    /// The AWS region in ARNs.
    pub region: String,
    /// How long a policy is cached for an `Authorization` header; zero disables the cache.
    pub authorizer_cache_ttl: Duration,
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    stopping: CancellationToken,
    server: JoinHandle<()>,
}

struct Shared {
    lambda: Lambda,
    authorizer: Authorizer,
    region: String,
    port: u16,
}

impl Gateway {
    /// Listens, and serves every route with the functions of `lambda`.
    ///
    /// # Errors
    /// If the port is unavailable.
    pub async fn start(config: GatewayConfig, lambda: Lambda) -> io::Result<Self> {
        let listener = TcpListener::bind((config.host, config.port)).await?;
        let address = listener.local_addr()?;
        let listener = without_delay(listener);
        let shared = Arc::new(Shared {
            authorizer: Authorizer::new(lambda.clone(), config.authorizer_cache_ttl),
            lambda,
            region: config.region,
            port: address.port(),
        });
        let router = Router::new()
            .fallback(handle)
            .with_state(shared)
            .into_make_service_with_connect_info::<SocketAddr>();
        let stopping = CancellationToken::new();
        let stop = stopping.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
                tracing::error!(%error, "the gateway stopped");
            }
        });
        Ok(Self { address, stopping, server })
    }

    /// The base URL for this machine, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}")
    }

    /// Stops accepting connections and waits for requests in progress.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        // A client that sends its body slowly may exceed this; its connection is closed.
        if timeout(INTEGRATION_TIMEOUT, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let started = Instant::now();
    let id = Uuid::now_v7();
    let request_id = id.to_string();
    let correlation_id =
        correlation_of(request.headers()).unwrap_or_else(|| CorrelationId::from_uuid(id));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let accepts_gzip = compression::accepts_gzip(request.headers());
    let result = shared.respond(request, client.ip(), &request_id).await;
    let mut response = result.unwrap_or_else(|problem| problem.into_response(&correlation_id));
    if accepts_gzip {
        let compressed = compression::compress(response).await;
        response = compressed.unwrap_or_else(|problem| problem.into_response(&correlation_id));
    }
    response.headers_mut().extend(header(REQUEST_ID, &request_id));
    let returned_id = response.headers().get(CORRELATION_HEADER).and_then(|id| id.to_str().ok());
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        client_ip = %client.ip(),
        correlation_id = returned_id.unwrap_or(correlation_id.as_str()),
        "access"
    );
    response
}

impl Shared {
    async fn respond(
        &self,
        request: Request,
        client: IpAddr,
        request_id: &str,
    ) -> Result<Response<Body>, Problem> {
        let (mut parts, body) = request.into_parts();
        limits::check_head(&parts)?;
        let found = routes::find(parts.method.as_str(), parts.uri.path());
        let matched = found.map_err(Problem::of_route)?;
        let body = body::read(&parts.headers, body).await?;
        let trace = self.forward(&mut parts.headers, client);
        let facts = RequestFacts {
            route: matched.route,
            parameters: matched.parameters,
            path: parts.uri.path(),
            query: parts.uri.query(),
            headers: &parts.headers,
            client,
            request_id,
            region: &self.region,
            received: Utc::now(),
        };
        let caller = match matched.route.access {
            Access::Open => None,
            Access::Ingest | Access::Report | Access::Admin | Access::AnyScope => {
                limits::check_method_arn(&facts.method_arn())?;
                Some(self.authorizer.authorize(&facts, &trace).await?)
            }
        };
        self.integrate(matched.route.function(), facts.proxy_event(caller, body), &trace).await
    }

    async fn integrate(
        &self,
        function: &str,
        event: Vec<u8>,
        trace: &str,
    ) -> Result<Response<Body>, Problem> {
        let invocation = self.lambda.invoke(function, event, Some(trace));
        let Ok(result) = timeout(INTEGRATION_TIMEOUT, invocation).await else {
            tracing::warn!(%function, "the function exceeded the integration timeout");
            return Err(Problem::FunctionTooSlow);
        };
        let invocation = result.map_err(|error| {
            tracing::warn!(%function, %error, "the invocation failed");
            Problem::of_invocation(&error)
        })?;
        proxy_response::read(&invocation.payload).map_err(|error| {
            let request_id = &invocation.request_id;
            tracing::warn!(%function, %request_id, %error, "the function's response is malformed");
            Problem::FunctionFailed
        })
    }

    /// Adds API Gateway's headers to the request; returns the trace header.
    fn forward(&self, headers: &mut HeaderMap, client: IpAddr) -> String {
        let given = headers.get(TRACE_ID).and_then(|trace| trace.to_str().ok());
        let trace =
            given.filter(|trace| trace.contains("Root=")).map_or_else(new_trace, str::to_owned);
        let chain = headers.get(FORWARDED_FOR).and_then(|chain| chain.to_str().ok());
        let chain = chain.map_or_else(|| client.to_string(), |chain| format!("{chain}, {client}"));
        for (name, value) in [
            header(TRACE_ID, &trace),
            header(FORWARDED_FOR, &chain),
            header(FORWARDED_PORT, &self.port.to_string()),
            header(FORWARDED_PROTO, "http"),
        ]
        .into_iter()
        .flatten()
        {
            headers.insert(name, value);
        }
        trace
    }
}

/// The caller's correlation id, if it is valid.
fn correlation_of(headers: &HeaderMap) -> Option<CorrelationId> {
    CorrelationId::accept(headers.get(CORRELATION_HEADER)?.to_str().ok()?)
}

/// A header, if `value` is a valid header value.
fn header(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::from_str(value).ok().map(|value| (name, value))
}
