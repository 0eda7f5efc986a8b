//! A gateway with functions, and a client of it.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tributary_stack::Lambda;
use tributary_stack::gateway::{Gateway, GatewayConfig};
use tributary_stack::lambda::FunctionConfig;

use super::{DEADLINE, function_that, lambda};

pub const SUMMARY: &str = "/api/reports/account/acc_1/summary";
pub const INGEST: &str = "/api/integrations/transactions";
pub const HEALTH: &str = "/api/health";

/// A gateway, the functions behind it and a client.
pub struct Api {
    pub lambda: Lambda,
    pub gateway: Gateway,
    pub http: Client,
}

impl Api {
    pub async fn start(functions: Vec<FunctionConfig>) -> Self {
        Self::start_caching(functions, Duration::ZERO).await
    }

    pub async fn start_caching(
        functions: Vec<FunctionConfig>,
        authorizer_cache_ttl: Duration,
    ) -> Self {
        let lambda = lambda(functions).await;
        let region = "us-east-1".to_owned();
        let host = Ipv4Addr::LOCALHOST.into();
        let config = GatewayConfig { host, port: 0, region, authorizer_cache_ttl };
        let gateway = Gateway::start(config, lambda.clone()).await.unwrap();
        let http = Client::builder().timeout(DEADLINE).build().unwrap();
        Self { lambda, gateway, http }
    }

    pub async fn send(&self, method: Method, path: &str) -> Response {
        self.http.request(method, self.gateway.url() + path).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path).await
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
        self.lambda.stop().await;
    }
}

/// A function that returns its event as the body.
pub fn echo(name: &str) -> FunctionConfig {
    function_that(name, &json!({"do": "echo_http"}))
}

/// An authorizer that allows everything.
pub fn allow() -> FunctionConfig {
    let allow = json!({"do": "respond", "with": {"principalId": "p", "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Action": "*", "Effect": "Allow", "Resource": "*"}]}}});
    function_that("authorize", &allow)
}

/// Asserts that a response is a problem with this status, and returns it.
pub async fn assert_problem(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-correlation-id"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    let problem_type = match status {
        401 => "urn:tributary:problem:unauthorized",
        404 => "urn:tributary:problem:not-found",
        405 => "urn:tributary:problem:method-not-allowed",
        413 => "urn:tributary:problem:body-too-large",
        415 => "urn:tributary:problem:unsupported-media-type",
        503 => "urn:tributary:problem:unavailable",
        _ => "about:blank",
    };
    assert_eq!(problem["type"], problem_type);
    assert_eq!(problem["status"], status);
    assert_eq!(problem["correlation_id"], id);
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    problem
}
