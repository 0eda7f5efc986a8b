//! Asks the authorizer function whether a call is allowed, and remembers its answers if told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::AUTHORIZATION;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::event::Facts;
use super::policy::Policy;
use super::problem::Problem;
use crate::invocation::InvokeError;
use crate::lambda::Lambda;

/// The function that authorizes, by its Lambda name.
const FUNCTION: &str = "authorize";

/// The one `errorMessage` that API Gateway answers with 401; any other is the authorizer's own failure.
const UNAUTHORIZED: &str = "Unauthorized";

/// The authorizer of every route that needs a key.
pub(crate) struct Authorizer {
    lambda: Lambda,
    /// Zero: every call asks the function.
    cache_ttl: Duration,
    cache: Mutex<HashMap<String, Remembered>>,
}

struct Remembered {
    policy: Arc<Policy>,
    until: Instant,
}

impl Authorizer {
    pub(crate) fn new(lambda: Lambda, cache_ttl: Duration) -> Self {
        Self { lambda, cache_ttl, cache: Mutex::default() }
    }

    /// What the route's function is told of the caller.
    pub(crate) async fn authorize(
        &self,
        facts: &Facts<'_>,
        trace: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let policy = self.policy(facts, trace).await?;
        policy.allows(&facts.method_arn()).cloned().ok_or(Problem::Forbidden)
    }

    async fn policy(&self, facts: &Facts<'_>, trace: &str) -> Result<Arc<Policy>, Problem> {
        if self.cache_ttl.is_zero() {
            return self.ask(facts, trace).await.map(Arc::new);
        }
        // The identity source: with a cache, API Gateway answers 401 itself where it is missing.
        let identity = facts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let identity = identity.ok_or_else(Problem::unauthorized)?;
        if let Some(policy) = self.remembered(identity) {
            return Ok(policy);
        }
        let policy = Arc::new(self.ask(facts, trace).await?);
        let now = Instant::now();
        let remembered = Remembered { policy: Arc::clone(&policy), until: now + self.cache_ttl };
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, remembered| remembered.until > now);
        cache.insert(identity.to_owned(), remembered);
        Ok(policy)
    }

    fn remembered(&self, identity: &str) -> Option<Arc<Policy>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = cache.get(identity)?;
        (remembered.until > Instant::now()).then(|| Arc::clone(&remembered.policy))
    }

    async fn ask(&self, facts: &Facts<'_>, trace: &str) -> Result<Policy, Problem> {
        let answer = self.lambda.invoke(FUNCTION, facts.authorizer_event(), Some(trace)).await;
        let answer = answer.map_err(|error| match error {
            InvokeError::Function(error) if error.error_message == UNAUTHORIZED => {
                Problem::unauthorized()
            }
            error => {
                tracing::warn!(%error, "the authorizer failed");
                Problem::unavailable("the authorizer failed")
            }
        })?;
        Policy::read(&answer.payload).map_err(|error| {
            tracing::warn!(%error, "the authorizer's answer is malformed");
            Problem::unavailable("the authorizer failed")
        })
    }
}
