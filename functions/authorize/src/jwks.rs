//! The public keys of an issuer of tokens (JSON Web Key Set, RFC 7517), from a URL or a file: fetched when
//! first needed, kept for a while, and looked for again when a token names a key that is not among them.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;
use tracing::{info, warn};
use tributary_lambda::error_chain::Chain;

/// How long keys are used before they are fetched anew: how long a key that the issuer withdrew lives on.
const MAX_AGE: Duration = Duration::from_secs(600);
/// How long they are used where they cannot be fetched anew.
const STALE_AGE_MAX: Duration = Duration::from_secs(3600);
/// How often at most they are fetched, whatever keys tokens name.
const FETCH_EVERY: Duration = Duration::from_secs(30);
/// How soon after a failure they are tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How long a fetch may take: authorize has five seconds altogether.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest set that is read.
const BYTES_MAX: usize = 256 * 1024;
/// How many keys of a set are looked at.
const KEYS_MAX: usize = 100;

/// Where a set of keys is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// By HTTPS, or by HTTP on this machine.
    Url(Url),
    /// In a file of the deployment.
    File(PathBuf),
}

/// A key that tokens are verified with, by the one algorithm that it is for.
pub struct IssuerKey {
    /// RS256 or ES256.
    pub algorithm: Algorithm,
    /// The key.
    pub decoding_key: DecodingKey,
}

/// The issuer's keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the token issuer's keys cannot be had")]
pub struct JwksError(#[source] Box<dyn Error + Send + Sync>);

/// A set of keys, by their ids.
pub struct Jwks {
    source: JwksSource,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    http: Option<reqwest::Client>,
    keys: HashMap<String, Arc<IssuerKey>>,
    fetched_at: Option<SystemTime>,
    /// When it was last tried to fetch them, and how long after that it is not tried again.
    last_try: Option<(SystemTime, Duration)>,
}

impl Jwks {
    /// Fetches nothing yet.
    #[must_use]
    pub fn new(source: JwksSource) -> Self {
        Self { source, state: Mutex::default() }
    }

    /// The key of an id, `None` if the issuer has none of it. A Lambda environment has one request at a
    /// time, so nobody waits for another's fetch.
    ///
    /// # Errors
    /// [`JwksError`] if the keys could not be fetched, or not for longer than they are used.
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
        let pausing = state.last_try.is_some_and(|(at, pause)| is_within(Some(at), now, pause));
        let fetched = if pausing { Ok(()) } else { self.refresh(&mut state, now).await };
        if !is_within(state.fetched_at, now, STALE_AGE_MAX) {
            fetched?;
            return Err(JwksError("they could not be fetched a moment ago".into()));
        }
        if let Err(error) = fetched {
            warn!(error = %Chain(&error), "going on with the keys fetched before");
        }
        Ok(state.keys.get(id).cloned())
    }

    async fn refresh(&self, state: &mut State, now: SystemTime) -> Result<(), JwksError> {
        state.last_try = Some((now, RETRY_AFTER));
        let set = match &self.source {
            JwksSource::File(path) => read_file(path).await,
            JwksSource::Url(url) => download(&mut state.http, url).await,
        };
        state.keys = set.and_then(|set| read_set(&set)).map_err(JwksError)?;
        state.fetched_at = Some(now);
        state.last_try = Some((now, FETCH_EVERY));
        info!(keys = state.keys.len(), "token issuer's keys fetched");
        Ok(())
    }
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Jwks").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Whether `at` is no longer ago than that. By the wall clock, which goes on while an environment is
/// frozen; where it was set back, nothing counts as recent.
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

/// The client is made with the first download: who has no tokens pays nothing for it.
async fn download(http: &mut Option<reqwest::Client>, url: &Url) -> Result<Vec<u8>, Cause> {
    let client = match http {
        Some(client) => client,
        // No redirect: it could lead to where nothing protects the answer.
        None => http.insert(
            reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(Policy::none()).build()?,
        ),
    };
    let mut response = client.get(url.clone()).send().await?.error_for_status()?;
    if !response.status().is_success() {
        return Err(format!("the answer is {}", response.status()).into());
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

/// A key as far as it is looked at.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads the keys of a set that tokens may be verified with; others are none of our business.
fn read_set(set: &[u8]) -> Result<HashMap<String, Arc<IssuerKey>>, Cause> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(set)?;
    let keys = set.keys.into_iter().take(KEYS_MAX);
    let usable = keys.filter_map(|key| {
        let key: Key = serde_json::from_value(key).ok()?;
        Some((key.kid.clone(), Arc::new(read_key(&key)?)))
    });
    Ok(usable.collect())
}

fn read_key(key: &Key) -> Option<IssuerKey> {
    let says = |said: &Option<String>, word: &str| said.as_deref().is_none_or(|said| said == word);
    if !says(&key.usage, "sig") {
        return None;
    }
    let (algorithm, name, decoding_key) = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", _) => {
            let decoding_key = DecodingKey::from_rsa_components(key.n.as_ref()?, key.e.as_ref()?);
            (Algorithm::RS256, "RS256", decoding_key)
        }
        ("EC", Some("P-256")) => {
            let decoding_key = DecodingKey::from_ec_components(key.x.as_ref()?, key.y.as_ref()?);
            (Algorithm::ES256, "ES256", decoding_key)
        }
        _ => return None,
    };
    let decoding_key = decoding_key.ok().filter(|_| says(&key.alg, name))?;
    Some(IssuerKey { algorithm, decoding_key })
}
