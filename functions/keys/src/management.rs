//! `GET /api/keys`, `POST /api/keys`, `DELETE /api/keys/{prefix}`: the API keys of the caller's
//! tenant. Only the response to a creation contains a key; logs, database and lists never do.

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use rand::Rng;
use serde::Serialize;
use tracing::info;
use tributary_domain::api_key::Pepper;
use tributary_domain::request::KeyRequest;
use tributary_domain::{CorrelationId, Scope};
use tributary_lambda::http::{Problem, Request, Response, read_body};
use tributary_store::api_keys::{self, ApiKey, ListedApiKey, NewApiKey};
use tributary_store::{Store, tenants};
use uuid::Uuid;

/// The largest body, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// The most active keys of a tenant.
const ACTIVE_MAX: i64 = 200;
const TOO_MANY_ACTIVE: &str = "The tenant has 200 active keys. Revoke one first.";

#[derive(Serialize)]
struct List<'b> {
    keys: Vec<ListedApiKey>,
    correlation_id: &'b CorrelationId,
}

#[derive(Serialize)]
struct Created<'b> {
    /// The key, which cannot be retrieved again.
    api_key: &'b str,
    prefix: &'b str,
    name: &'b str,
    scopes: &'b [Scope],
    created_at: DateTime<Utc>,
    correlation_id: &'b CorrelationId,
}

/// Lists the keys, newest first: the active ones, then the revoked ones.
pub async fn list(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let mut tx = store.begin(tenant).await?;
    let keys = api_keys::list(&mut tx, tenant).await?;
    let body = List { keys, correlation_id: &request.correlation };
    Ok(Response::json(StatusCode::OK, &body)?)
}

/// Creates a key. Repeating the request creates another one.
pub async fn create(
    store: &Store,
    pepper: &Pepper,
    request: &Request,
) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let now = Utc::now();
    let KeyRequest { name, scopes } = KeyRequest::parse(&read_body(request, BODY_BYTES_MAX)?, now)?;
    let new = NewApiKey { key: ApiKey { tenant, api_key_id: Uuid::now_v7(), scopes }, name: &name };
    let mut tx = store.begin(tenant).await?;
    let created = async {
        let secret = api_keys::create(&mut tx, &new, pepper, || rand::rng().random()).await?;
        // After the insert: an erasure that begins later waits for this key and revokes it.
        if tenants::is_being_erased(&mut tx, tenant).await? {
            return Err(Problem::UnderWay);
        }
        if api_keys::count_active(&mut tx, tenant).await? > ACTIVE_MAX {
            return Err(Problem::TooManyRequests(TOO_MANY_ACTIVE));
        }
        Ok(secret)
    };
    let created = created.await;
    let secret = tributary_store::end(tx, created).await?;
    info!(api_key_id = %new.key.api_key_id, "key created");
    let body = Created {
        api_key: secret.expose(),
        prefix: secret.prefix(),
        name: &name,
        scopes: &new.key.scopes,
        created_at: now,
        correlation_id: &request.correlation,
    };
    Ok(Response::json(StatusCode::CREATED, &body)?
        .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// Revokes a key. Revoking it again changes nothing.
pub async fn revoke(store: &Store, request: &Request) -> Result<Response, Problem> {
    let tenant = request.tenant()?;
    let prefix = request.parameter("prefix")?;
    let mut tx = store.begin(tenant).await?;
    let revoked = api_keys::revoke_by_prefix(&mut tx, tenant, prefix).await;
    let revoked = tributary_store::end(tx, revoked).await?;
    if revoked.is_none() {
        return Err(Problem::NotFound);
    }
    info!(prefix, "key revoked");
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
