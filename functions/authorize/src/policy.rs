//! The caller, its permission to call a route, and the policy for API Gateway.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerPolicy, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayCustomAuthorizerResponse,
};
use aws_lambda_events::iam::{IamPolicyEffect, IamPolicyStatement};
use serde_json::{Value, json};
use tributary_domain::{Scope, TenantId};
use tributary_lambda::routes;
use uuid::Uuid;

/// The identity of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The bearer of an API key.
    ApiKey {
        /// The id of the key.
        id: Uuid,
        /// Its first characters.
        prefix: String,
    },
    /// The subject of a token.
    Subject(String),
}

/// A caller with a valid credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant of the caller.
    pub tenant: TenantId,
    /// The identity of the caller.
    pub principal: Principal,
    /// The scopes of the credential.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Whether the caller has the scope that the route of the request requires. Unknown routes are
    /// denied.
    pub fn may_call(&self, request: &ApiGatewayCustomAuthorizerRequestTypeRequest) -> bool {
        let method = request.http_method.as_ref().map(http::Method::as_str).unwrap_or_default();
        let path = request.path.as_deref().unwrap_or_default();
        let Ok(matched) = routes::find(method, path) else { return false };
        let needed = matched.route.access.scope();
        needed.is_none_or(|needed| self.scopes.iter().any(|granted| granted.covers(needed)))
    }

    /// A policy that allows or denies this one method. It must not be cached for others.
    pub fn policy(
        &self,
        is_allowed: bool,
        method_arn: &str,
    ) -> ApiGatewayCustomAuthorizerResponse<Value> {
        let mut statement = IamPolicyStatement::default();
        statement.action = vec!["execute-api:Invoke".to_owned()];
        statement.effect = if is_allowed { IamPolicyEffect::Allow } else { IamPolicyEffect::Deny };
        statement.resource = vec![method_arn.to_owned()];

        let mut document = ApiGatewayCustomAuthorizerPolicy::default();
        document.version = Some("2012-10-17".to_owned());
        document.statement = vec![statement];

        // A value of the context is a string, a number or a boolean.
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.name()).collect();
        let scopes = scopes.join(" ");
        let (principal, context) = match &self.principal {
            Principal::ApiKey { id, prefix } => (
                id.to_string(),
                json!({
                    "tenant_id": self.tenant, "scopes": scopes, "api_key_id": id,
                    "api_key_prefix": prefix,
                }),
            ),
            Principal::Subject(subject) => (
                subject.clone(),
                json!({"tenant_id": self.tenant, "scopes": scopes, "subject": subject}),
            ),
        };
        let mut response = ApiGatewayCustomAuthorizerResponse::<Value>::default();
        response.principal_id = Some(principal);
        response.policy_document = document;
        response.context = context;
        response
    }
}
