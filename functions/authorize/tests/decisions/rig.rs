//! A database with a tenant, keys and requests.

use authorize::{Authorize, JwksSource, Principal, Rejection, TokenConfig, Tokens};
use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;
use tributary_domain::api_key::{ApiKeySecret, Pepper, Peppers};
use tributary_domain::{Scope, TenantId};
use tributary_store::api_keys::{self, ApiKey, NewApiKey};
use tributary_testkit::{Issuer, TestDatabase};
use uuid::Uuid;

pub const ARN: &str = "arn:aws:execute-api:us-east-1:0:api/stage/GET/api/batches/b";

/// A database with one tenant.
pub struct Rig {
    pub database: TestDatabase,
    pub tenant: TenantId,
}

/// The decision about a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    Denied,
    Unauthorized,
    Unavailable,
}

pub fn pepper(character: char) -> Pepper {
    Pepper::new(&character.to_string().repeat(32)).unwrap()
}

pub fn peppers() -> Peppers {
    Peppers { current: pepper('p'), previous: None }
}

impl Rig {
    pub async fn new() -> Self {
        let database = TestDatabase::create().await;
        let tenant = database.tenant("tenant").await;
        Self { database, tenant }
    }

    /// An authorizer that accepts only keys.
    pub fn authorize(&self) -> Authorize {
        Authorize::new(self.database.store(), peppers(), None)
    }

    /// An authorizer that also accepts tokens of the issuer with these keys.
    pub fn authorize_with(&self, jwks: JwksSource) -> Authorize {
        let config = TokenConfig {
            issuer: Issuer::ISSUER.to_owned(),
            audience: Issuer::AUDIENCE.to_owned(),
            jwks,
            tenant_claim: "tenant_id".to_owned(),
            scope_claim: "scope".to_owned(),
        };
        Authorize::new(self.database.store(), peppers(), Some(Tokens::new(config)))
    }

    /// Creates a key of the tenant. Its number determines prefix and secret.
    pub async fn key(&self, number: u8, scopes: &[Scope]) -> (ApiKey, ApiKeySecret) {
        let key =
            ApiKey { tenant: self.tenant, api_key_id: Uuid::now_v7(), scopes: scopes.to_vec() };
        let new = NewApiKey { key: key.clone(), name: "key" };
        let mut connection = self.database.connection().await;
        let entropy = || [number; ApiKeySecret::ENTROPY_BYTES];
        let created = api_keys::create(&mut connection, &new, &pepper('p'), entropy).await;
        let secret = created.unwrap();
        (key, secret)
    }

    pub async fn revoke(&self, secret: &ApiKeySecret) {
        let mut connection = self.database.connection().await;
        let revoked = api_keys::revoke_by_prefix(&mut connection, self.tenant, secret.prefix());
        revoked.await.unwrap().unwrap();
    }
}

/// `GET /api/batches/b`, which requires the scope `report`, with a bearer credential.
pub fn get(bearer: &str) -> ApiGatewayCustomAuthorizerRequestTypeRequest {
    request(Method::GET, "/api/batches/b", &[("authorization", &format!("Bearer {bearer}"))])
}

pub fn request(
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
) -> ApiGatewayCustomAuthorizerRequestTypeRequest {
    let mut request = ApiGatewayCustomAuthorizerRequestTypeRequest::default();
    request.http_method = Some(method);
    request.path = Some(path.to_owned());
    request.method_arn = Some(ARN.to_owned());
    request.headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    request
}

/// The decision and the context for the function.
pub async fn decide(
    authorize: &Authorize,
    request: &ApiGatewayCustomAuthorizerRequestTypeRequest,
) -> (Decision, Value) {
    match authorize.decide(request).await {
        Ok(response) => {
            let response = serde_json::to_value(response).unwrap();
            let statement = &response["policyDocument"]["Statement"][0];
            assert_eq!(statement["Resource"][0], ARN, "the policy covers one method");
            let decision = match statement["Effect"].as_str().unwrap() {
                "Allow" => Decision::Allowed,
                "Deny" => Decision::Denied,
                other => panic!("{other}"),
            };
            (decision, response["context"].clone())
        }
        Err(Rejection::Unauthorized) => (Decision::Unauthorized, Value::Null),
        Err(Rejection::Store(_) | Rejection::Issuer(_)) => (Decision::Unavailable, Value::Null),
    }
}

/// The context of a principal.
pub fn context(tenant: TenantId, principal: &Principal, scopes: &str) -> Value {
    match principal {
        Principal::ApiKey { id, prefix } => serde_json::json!({
            "tenant_id": tenant, "scopes": scopes, "api_key_id": id, "api_key_prefix": prefix,
        }),
        Principal::Subject(subject) => {
            serde_json::json!({"tenant_id": tenant, "scopes": scopes, "subject": subject})
        }
    }
}
