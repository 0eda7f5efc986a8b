//! Identifies the caller by an API key or a token of the configured issuer.

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayCustomAuthorizerResponse,
};
use serde_json::Value;
use tracing::{info, warn};
use tributary_domain::api_key::{KeyHash, Peppers, PresentedKey};
use tributary_lambda::error_chain::Chain;
use tributary_store::api_keys::{self, ApiKey};
use tributary_store::{Store, StoreError, Tx, tenants};

use crate::credential::Credential;
use crate::jwks::JwksError;
use crate::policy::{Caller, Principal};
use crate::tokens::{Token, TokenError, Tokens};

/// The hash to compare with if no key has the prefix, so that unknown keys take as long as known
/// ones.
const NO_HASH: KeyHash = [0; 32];

/// The handler of authorize.
#[derive(Debug)]
pub struct Authorize {
    store: Store,
    peppers: Peppers,
    /// `None` if no issuer is configured; only keys are accepted then.
    tokens: Option<Tokens>,
}

/// A request without a policy.
#[derive(Debug)]
pub enum Rejection {
    /// The credential is missing or invalid. The caller gets 401 without a reason.
    Unauthorized,
    /// The store of keys and tenants is unavailable. The caller gets 503.
    Store(StoreError),
    /// The issuer's keys are unavailable. The caller gets 503.
    Issuer(JwksError),
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Authorize {
    /// Looks up keys and tenants in a store.
    #[must_use]
    pub const fn new(store: Store, peppers: Peppers, tokens: Option<Tokens>) -> Self {
        Self { store, peppers, tokens }
    }

    /// Allows or denies a request by its credential.
    ///
    /// # Errors
    /// [`Rejection`] if the caller cannot be identified.
    pub async fn decide(
        &self,
        request: &ApiGatewayCustomAuthorizerRequestTypeRequest,
    ) -> Result<ApiGatewayCustomAuthorizerResponse<Value>, Rejection> {
        let caller = match Credential::of(&request.headers).ok_or(Rejection::Unauthorized)? {
            Credential::Key(key) => self.bearer_of_key(key).await?,
            Credential::Token(token) => self.bearer_of_token(token).await?,
        };
        let is_allowed = caller.may_call(request);
        if !is_allowed {
            info!(tenant_id = %caller.tenant, "scope missing");
        }
        Ok(caller.policy(is_allowed, request.method_arn.as_deref().unwrap_or_default()))
    }

    /// Runs one statement and one comparison in constant time, whether or not the key exists.
    async fn bearer_of_key(&self, presented: PresentedKey<'_>) -> Result<Caller, Rejection> {
        let mut tx = self.store.begin_for_all().await?;
        let found = api_keys::find_by_prefix(&mut tx, presented.prefix()).await?;
        let stored = found.as_ref().map_or(&NO_HASH, |found| &found.key_hash);
        let is_proved = self.peppers.proves(presented, stored);
        let found = found.filter(|_| is_proved).ok_or(Rejection::Unauthorized)?;
        if found.should_record_use
            && let Err(error) = record_use(tx, &found.key).await
        {
            // The time of the last use is informative; the request is allowed all the same.
            let api_key_id = found.key.api_key_id;
            warn!(%api_key_id, error = %Chain(&error), "last use not recorded");
        }
        let ApiKey { tenant, api_key_id, scopes } = found.key;
        let prefix = presented.prefix().to_owned();
        Ok(Caller { tenant, principal: Principal::ApiKey { id: api_key_id, prefix }, scopes })
    }

    /// Verifies a token. Tokens of unknown tenants are rejected.
    async fn bearer_of_token(&self, token: &str) -> Result<Caller, Rejection> {
        let tokens = self.tokens.as_ref().ok_or(Rejection::Unauthorized)?;
        let token = tokens.verify(token).await.map_err(|error| match error {
            TokenError::Invalid(reason) => {
                info!(reason, "token rejected");
                Rejection::Unauthorized
            }
            TokenError::Unavailable(error) => Rejection::Issuer(error),
        })?;
        let Token { tenant, subject, scopes } = token;
        let mut tx = self.store.begin_for_all().await?;
        if !tenants::exists(&mut tx, tenant).await? {
            info!(reason = "unknown tenant", "token rejected");
            return Err(Rejection::Unauthorized);
        }
        Ok(Caller { tenant, principal: Principal::Subject(subject), scopes })
    }
}

async fn record_use(mut tx: Tx, key: &ApiKey) -> Result<(), StoreError> {
    let recorded = async {
        api_keys::write_without_waiting(&mut tx).await?;
        api_keys::record_use(&mut tx, key).await
    };
    let recorded = recorded.await;
    tributary_store::end(tx, recorded).await.map(drop)
}
