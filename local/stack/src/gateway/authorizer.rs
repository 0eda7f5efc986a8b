//! Invokes the authorizer function, and caches its policies if configured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::event::RequestFacts;
use super::policy::Policy;
use super::problem::Problem;
use crate::invocation::InvokeError;
use crate::lambda::Lambda;

/// The name of the authorizer function.
const FUNCTION: &str = "authorize";

/// The `errorMessage` that API Gateway maps to 401. Any other error is a failure of the authorizer.
const UNAUTHORIZED: &str = "Unauthorized";

/// The authorizer of every route that requires an API key.
pub(crate) struct Authorizer {
    lambda: Lambda,
    /// Zero disables the cache.
    cache_ttl: Duration,
    cache: Mutex<HashMap<String, CachedPolicy>>,
}

struct CachedPolicy {
    policy: Arc<Policy>,
    until: Instant,
}

impl Authorizer {
    pub(crate) fn new(lambda: Lambda, cache_ttl: Duration) -> Self {
        Self { lambda, cache_ttl, cache: Mutex::default() }
    }

    /// Returns the authorizer context for the route's function.
    pub(crate) async fn authorize(
        &self,
        facts: &RequestFacts<'_>,
        trace: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let policy = self.policy(facts, trace).await?;
        policy.allows(&facts.method_arn()).cloned().ok_or(Problem::Forbidden)
    }

    async fn policy(&self, facts: &RequestFacts<'_>, trace: &str) -> Result<Arc<Policy>, Problem> {
        if self.cache_ttl.is_zero() {
            return self.invoke(facts, trace).await.map(Arc::new);
        }
        // The identity source: with caching, API Gateway returns 401 itself if it is missing.
        let identity = facts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let identity = identity.ok_or_else(Problem::unauthorized)?;
        if let Some(policy) = self.cached(identity) {
            return Ok(policy);
        }
        let policy = Arc::new(self.invoke(facts, trace).await?);
        let now = Instant::now();
        let cached = CachedPolicy { policy: Arc::clone(&policy), until: now + self.cache_ttl };
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, cached| cached.until > now);
        cache.insert(identity.to_owned(), cached);
        Ok(policy)
    }

    fn cached(&self, identity: &str) -> Option<Arc<Policy>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = cache.get(identity)?;
        (cached.until > Instant::now()).then(|| Arc::clone(&cached.policy))
    }

    async fn invoke(&self, facts: &RequestFacts<'_>, trace: &str) -> Result<Policy, Problem> {
        let result = self.lambda.invoke(FUNCTION, facts.authorizer_event(), Some(trace)).await;
        let invocation = result.map_err(|error| match error {
            InvokeError::Function(error) if error.error_message == UNAUTHORIZED => {
                Problem::unauthorized()
            }
            error => {
                tracing::warn!(%error, "the authorizer failed");
                Problem::unavailable("the authorizer failed")
            }
        })?;
        Policy::read(&invocation.payload).map_err(|error| {
            tracing::warn!(%error, "the authorizer's response is malformed");
            Problem::unavailable("the authorizer failed")
        })
    }
}
