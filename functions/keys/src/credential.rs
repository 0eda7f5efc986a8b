//! `GET /api/credential`: what the caller's credential allows.

use http::StatusCode;
use serde::Serialize;
use tributary_domain::{CorrelationId, Scope};
use tributary_lambda::http::{Problem, Request, Response};

#[derive(Serialize)]
struct Body<'b> {
    kind: Kind,
    /// The first characters of an API key; null for a token.
    prefix: Option<&'b str>,
    /// Every scope that the credential covers.
    scopes: Vec<Scope>,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ApiKey,
    Token,
}

/// Returns what authorize found. Reads nothing else.
pub fn get(request: &Request) -> Result<Response, Problem> {
    request.tenant()?;
    let granted: Vec<Scope> = request
        .authorizer("scopes")
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|name| name.parse().ok())
        .collect();
    let scopes = [Scope::Ingest, Scope::Report, Scope::Admin]
        .into_iter()
        .filter(|needed| granted.iter().any(|granted| granted.covers(*needed)))
        .collect();
    let is_key = request.authorizer("api_key_id").is_some();
    let body = Body {
        kind: if is_key { Kind::ApiKey } else { Kind::Token },
        prefix: request.authorizer("api_key_prefix"),
        scopes,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::OK, &body)?)
}
