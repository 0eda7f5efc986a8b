//! Finds the tenant of an API key and whether the key is for the route.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerPolicy, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayCustomAuthorizerResponse,
};
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tracing::info;
use tributary_domain::api_key;
use tributary_lambda::routes;
use tributary_store::api_keys::{self, ApiKey};
use tributary_store::{Store, StoreError};

const API_KEY_HEADER: &str = "x-api-key";

/// Decides on requests before a function sees them.
#[derive(Debug)]
pub struct Authorize {
    store: Store,
}

/// A request that gets no policy at all.
#[derive(Debug)]
pub enum Refusal {
    /// No key, or one that nobody has: the caller gets 401.
    Unauthorized,
    /// The keys cannot be looked up: the caller gets 503.
    Failed(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Authorize {
    /// Looks keys up in a store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Allows or denies one request, by the key that it carries. The policy names this method alone,
    /// so it must not be cached for others.
    ///
    /// # Errors
    /// [`Refusal`] where there is nobody to allow or deny.
    pub async fn decide(
        &self,
        request: &ApiGatewayCustomAuthorizerRequestTypeRequest,
    ) -> Result<ApiGatewayCustomAuthorizerResponse<Value>, Refusal> {
        let presented = presented_key(&request.headers).ok_or(Refusal::Unauthorized)?;
        let key_hash = api_key::hash_of_presented(presented).ok_or(Refusal::Unauthorized)?;
        let mut transaction = self.store.begin_for_all().await?;
        let key = api_keys::find_by_hash(&mut transaction, &key_hash).await?;
        let key = key.ok_or(Refusal::Unauthorized)?;

        let effect = if may_call(&key, request) {
            IamPolicyEffect::Allow
        } else {
            info!(tenant_id = %key.tenant, api_key_id = %key.api_key_id, "key is not for this route");
            IamPolicyEffect::Deny
        };
        Ok(policy(&key, effect, request.method_arn.as_deref().unwrap_or_default()))
    }
}

/// The key of `Authorization: Bearer`, or of `X-API-Key`.
#[must_use]
pub fn presented_key(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| key.trim());
    }
    headers.get(API_KEY_HEADER)?.to_str().ok().map(str::trim)
}

fn may_call(key: &ApiKey, request: &ApiGatewayCustomAuthorizerRequestTypeRequest) -> bool {
    let method = request.http_method.as_ref().map(http::Method::as_str).unwrap_or_default();
    let path = request.path.as_deref().unwrap_or_default();
    match routes::find(method, path) {
        Ok(matched) => matched
            .route
            .access
            .scope()
            .is_none_or(|scope| key.scopes.iter().any(|granted| granted == scope)),
        Err(_) => false,
    }
}

fn policy(
    key: &ApiKey,
    effect: IamPolicyEffect,
    method_arn: &str,
) -> ApiGatewayCustomAuthorizerResponse<Value> {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.effect = effect;
    statement.resource = vec![method_arn.to_owned()];

    let mut document = ApiGatewayCustomAuthorizerPolicy::default();
    document.version = Some("2012-10-17".to_owned());
    document.statement = vec![statement];

    let mut response = ApiGatewayCustomAuthorizerResponse::<Value>::default();
    response.principal_id = Some(key.api_key_id.to_string());
    response.policy_document = document;
    response.context = json!({"tenant_id": key.tenant, "api_key_id": key.api_key_id});
    response
}
