//! Finds out who calls: the bearer of an API key, or of a token of the configured issuer.

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

/// What a hash is compared with where no key has the prefix: as much work as for a key that is there.
const NO_HASH: KeyHash = [0; 32];

/// Decides on requests before a function sees them.
#[derive(Debug)]
pub struct Authorize {
    store: Store,
    peppers: Peppers,
    /// `None` where no issuer is configured: then there are only keys.
    tokens: Option<Tokens>,
}

/// A request that gets no policy at all.
#[derive(Debug)]
pub enum Refusal {
    /// No credential, or one that is not good: the caller gets 401, whatever is wrong with it.
    Unauthorized,
    /// Keys and tenants cannot be looked up: the caller gets 503.
    Store(StoreError),
    /// The issuer's keys cannot be had: the caller gets 503.
    Issuer(JwksError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Authorize {
    /// Looks keys and tenants up in a store.
    #[must_use]
    pub const fn new(store: Store, peppers: Peppers, tokens: Option<Tokens>) -> Self {
        Self { store, peppers, tokens }
    }

    /// Allows or denies one request, by the credential that it carries.
    ///
    /// # Errors
    /// [`Refusal`] where there is nobody to allow or deny.
    pub async fn decide(
        &self,
        request: &ApiGatewayCustomAuthorizerRequestTypeRequest,
    ) -> Result<ApiGatewayCustomAuthorizerResponse<Value>, Refusal> {
        let caller = match Credential::of(&request.headers).ok_or(Refusal::Unauthorized)? {
            Credential::Key(key) => self.bearer_of_key(key).await?,
            Credential::Token(token) => self.bearer_of_token(token).await?,
        };
        let is_allowed = caller.may_call(request);
        if !is_allowed {
            info!(tenant_id = %caller.tenant, "the caller has not the scope of this call");
        }
        Ok(caller.policy(is_allowed, request.method_arn.as_deref().unwrap_or_default()))
    }

    /// One statement whether there is such a key or not, and one comparison in constant time.
    async fn bearer_of_key(&self, presented: PresentedKey<'_>) -> Result<Caller, Refusal> {
        let mut tx = self.store.begin_for_all().await?;
        let found = api_keys::find_by_prefix(&mut tx, presented.prefix()).await?;
        let stored = found.as_ref().map_or(&NO_HASH, |found| &found.key_hash);
        let is_proved = self.peppers.proves(presented, stored);
        let found = found.filter(|_| is_proved).ok_or(Refusal::Unauthorized)?;
        if found.should_record_use
            && let Err(error) = note_use(tx, &found.key).await
        {
            // Good to have, and no reason to turn a caller away.
            warn!(api_key_id = %found.key.api_key_id, error = %Chain(&error), "use not noted");
        }
        let ApiKey { tenant, api_key_id, scopes } = found.key;
        Ok(Caller { tenant, principal: Principal::ApiKey(api_key_id), scopes })
    }

    /// A token of a tenant that is not there is no credential: nothing could be stored for it.
    async fn bearer_of_token(&self, token: &str) -> Result<Caller, Refusal> {
        let tokens = self.tokens.as_ref().ok_or(Refusal::Unauthorized)?;
        let token = tokens.verify(token).await.map_err(|error| match error {
            TokenError::Refused(reason) => {
                info!(reason, "token refused");
                Refusal::Unauthorized
            }
            TokenError::Unavailable(error) => Refusal::Issuer(error),
        })?;
        let Token { tenant, subject, scopes } = token;
        let mut tx = self.store.begin_for_all().await?;
        if !tenants::exists(&mut tx, tenant).await? {
            info!(reason = "no such tenant", "token refused");
            return Err(Refusal::Unauthorized);
        }
        Ok(Caller { tenant, principal: Principal::Subject(subject), scopes })
    }
}

async fn note_use(mut tx: Tx, key: &ApiKey) -> Result<(), StoreError> {
    api_keys::write_without_waiting(&mut tx).await?;
    api_keys::record_use(&mut tx, key).await?;
    Ok(tx.commit().await?)
}
