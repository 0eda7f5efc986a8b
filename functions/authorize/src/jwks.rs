//! The public keys of a token issuer (JSON Web Key Set, RFC 7517), from a URL or a file. They are
//! fetched when first needed, cached, and fetched again when a token names an unknown key.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jsonwebtoken::jwk::PublicKeyUse::Signature;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;
use tracing::{info, warn};
use tributary_lambda::error_chain::Chain;

/// How long fetched keys are fresh, and therefore how long a key that the issuer withdrew is
/// accepted.
const MAX_AGE: Duration = Duration::from_secs(600);
/// How long fetched keys are used while they cannot be fetched again.
const STALE_AGE_MAX: Duration = Duration::from_secs(3600);
/// The minimum interval between fetches, so that unknown key ids in tokens cannot cause more.
const FETCH_INTERVAL_MIN: Duration = Duration::from_secs(30);
/// The delay after a failed fetch.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// The time limit of a fetch. An invocation of authorize has five seconds.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// The largest accepted set, in bytes.
const BYTES_MAX: usize = 256 * 1024;
/// The most keys that are read from a set.
const KEYS_MAX: usize = 100;

/// The location of a key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// An HTTPS URL, or an HTTP URL on a loopback address.
    Url(Url),
    /// A file of the deployment package.
    File(PathBuf),
}

/// A key and the one algorithm that it verifies.
pub struct IssuerKey {
    /// RS256 or ES256.
    pub algorithm: Algorithm,
    /// The key.
    pub decoding_key: DecodingKey,
}

/// The issuer's keys are unavailable.
#[derive(Debug, thiserror::Error)]
#[error("the token issuer's keys are unavailable")]
pub struct JwksError(#[source] Box<dyn Error + Send + Sync>);

/// A cached set of keys by id.
pub struct Jwks {
    source: JwksSource,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    http: Option<reqwest::Client>,
    keys: HashMap<String, Arc<IssuerKey>>,
    fetched_at: Option<SystemTime>,
    /// When the last fetch began and how long no other may begin.
    last_fetch: Option<(SystemTime, Duration)>,
}

impl Jwks {
    /// An empty cache; nothing is fetched yet.
    #[must_use]
    pub fn new(source: JwksSource) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The key with an id, or `None` if the issuer has no such key. A Lambda environment handles
    /// one request at a time, so no request waits for the fetch of another.
    ///
    /// # Errors
    /// [`JwksError`] if the keys cannot be fetched and the cached ones are too old.
    pub async fn key(
        &self,
        id: &str,
        now: SystemTime,
    ) -> Result<Option<Arc<IssuerKey>>, JwksError> {
        let mut state = self.state.lock().await;
        let is_fresh = is_within(state.fetched_at, now, MAX_AGE);
        let known = state.keys.get(id).filter(|_| is_fresh).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let is_paused = state.last_fetch.is_some_and(|(at, pause)| is_within(Some(at), now, pause));
        let fetched = if is_paused { Ok(()) } else { self.refresh(&mut state, now).await };
        if !is_within(state.fetched_at, now, STALE_AGE_MAX) {
            fetched?;
            return Err(JwksError("the last fetch failed and the next one is delayed".into()));
        }
        if let Err(error) = fetched {
            warn!(error = %Chain(&error), "fetch failed; using cached keys");
        }
        Ok(state.keys.get(id).cloned())
    }

    async fn refresh(&self, state: &mut State, now: SystemTime) -> Result<(), JwksError> {
        state.last_fetch = Some((now, RETRY_AFTER));
        let set = match &self.source {
            JwksSource::File(path) => read_file(path).await,
            JwksSource::Url(url) => download(&mut state.http, url).await,
        };
        state.keys = set.and_then(|set| read_set(&set)).map_err(JwksError)?;
        state.fetched_at = Some(now);
        state.last_fetch = Some((now, FETCH_INTERVAL_MIN));
        info!(keys = state.keys.len(), "token issuer's keys fetched");
        Ok(())
    }
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Jwks").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Whether `at` is less than `duration` ago. The wall clock also advances while Lambda has frozen
/// the environment. A time in the future does not count.
fn is_within(at: Option<SystemTime>, now: SystemTime, duration: Duration) -> bool {
    at.and_then(|at| now.duration_since(at).ok()).is_some_and(|age| age < duration)
}

type Cause = Box<dyn Error + Send + Sync>;

async fn read_file(path: &PathBuf) -> Result<Vec<u8>, Cause> {
    let limit = u64::try_from(BYTES_MAX)? + 1;
    let mut set = Vec::new();
    tokio::fs::File::open(path).await?.take(limit).read_to_end(&mut set).await?;
    within_limit(set)
}

/// Creates the client for the first download, because a deployment without tokens never needs it.
async fn download(http: &mut Option<reqwest::Client>, url: &Url) -> Result<Vec<u8>, Cause> {
    let client = match http {
        Some(client) => client,
        // A redirect could lead to plain HTTP.
        None => http.insert(
            reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(Policy::none()).build()?,
        ),
    };
    let mut response = client.get(url.clone()).send().await?.error_for_status()?;
    if !response.status().is_success() {
        return Err(format!("the status is {}", response.status()).into());
    }
    let mut set = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        set.extend_from_slice(&chunk);
        set = within_limit(set)?;
    }
    Ok(set)
}

fn within_limit(set: Vec<u8>) -> Result<Vec<u8>, Cause> {
    if set.len() > BYTES_MAX {
        return Err(format!("the set has more than {BYTES_MAX} bytes").into());
    }
    Ok(set)
}

/// Reads the usable keys of a set. Keys are parsed one by one, so that an unsupported key does not
/// invalidate the others.
fn read_set(set: &[u8]) -> Result<HashMap<String, Arc<IssuerKey>>, Cause> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(set)?;
    let keys = set.keys.into_iter().take(KEYS_MAX);
    Ok(keys.filter_map(|key| read_key(serde_json::from_value(key).ok()?)).collect())
}

/// The id of a key and the key, if it verifies signatures by a supported algorithm.
fn read_key(jwk: Jwk) -> Option<(String, Arc<IssuerKey>)> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        _ => return None,
    };
    let is_signature = jwk.common.public_key_use.as_ref().is_none_or(|it| *it == Signature);
    if !is_signature || jwk.common.key_algorithm.is_some_and(|it| it != algorithm.into()) {
        return None;
    }
    let decoding_key = DecodingKey::from_jwk(&jwk).ok()?;
    Some((jwk.common.key_id?, Arc::new(IssuerKey { algorithm, decoding_key })))
}
