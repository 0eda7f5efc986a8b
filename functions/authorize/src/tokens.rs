//! Verifies JSON Web Tokens (RFC 7519) of one issuer, signed with RS256 or ES256.

use std::time::SystemTime;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use tributary_domain::{Scope, TenantId};

use crate::jwks::{Jwks, JwksError, JwksSource};

/// The tolerated clock difference to the issuer, in seconds.
const LEEWAY_S: u64 = 30;
/// The longest accepted subject, in bytes.
const SUBJECT_LENGTH_MAX: usize = 255;

/// The accepted issuer and the names of its claims.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// `JWT_ISSUER`: the required value of the claim `iss`.
    pub issuer: String,
    /// `JWT_AUDIENCE`: the claim `aud` must be or contain it.
    pub audience: String,
    /// `JWT_JWKS_URL` or `JWT_JWKS_FILE`: the issuer's public keys.
    pub jwks: JwksSource,
    /// `JWT_TENANT_CLAIM`: the claim with the tenant's id.
    pub tenant_claim: String,
    /// `JWT_SCOPE_CLAIM`: the claim that lists scopes, as one text or an array of texts.
    pub scope_claim: String,
}

/// The claims of a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The tenant, which may not exist.
    pub tenant: TenantId,
    /// The subject.
    pub subject: String,
    /// The scopes. Unknown scopes are ignored.
    pub scopes: Vec<Scope>,
}

/// Why a token was not verified.
#[derive(Debug)]
pub enum TokenError {
    /// The token is invalid. The reason is only logged.
    Invalid(&'static str),
    /// The issuer's keys are unavailable.
    Unavailable(JwksError),
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Tokens {
    config: TokenConfig,
    jwks: Jwks,
}

impl Tokens {
    /// A verifier. It fetches the issuer's keys when they are first needed.
    #[must_use]
    pub fn new(config: TokenConfig) -> Self {
        Self { jwks: Jwks::new(config.jwks.clone()), config }
    }

    /// Verifies the signature and the claims of a token.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Token, TokenError> {
        let invalid = TokenError::Invalid;
        // A header with the algorithm `none` or an unknown one does not parse.
        let header = decode_header(token).map_err(|_| invalid("unreadable header"))?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(invalid("algorithm"));
        }
        // RFC 7515, 4.1.11: unsupported critical extensions must be rejected.
        if header.crit.is_some() {
            return Err(invalid("critical extension"));
        }
        let id = header.kid.ok_or(invalid("no key id"))?;
        let key = self.jwks.key(&id, SystemTime::now()).await.map_err(TokenError::Unavailable)?;
        let key = key.ok_or(invalid("unknown key"))?;
        let validation = self.validation(key.algorithm);
        let claims = decode::<Map<String, Value>>(token, &key.decoding_key, &validation)
            .map_err(|error| invalid(reason(error.kind())))?
            .claims;
        self.read(&claims).map_err(invalid)
    }

    /// The key determines the algorithm, so that a token cannot choose it.
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_S;
        validation
    }

    fn read(&self, claims: &Map<String, Value>) -> Result<Token, &'static str> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        // The library also accepts an array that contains the issuer; RFC 7519 requires a string.
        text("iss").filter(|issuer| *issuer == self.config.issuer).ok_or("issuer")?;
        let subject = text("sub").filter(|subject| is_valid_subject(subject)).ok_or("subject")?;
        let tenant = text(&self.config.tenant_claim).and_then(|tenant| tenant.parse().ok());
        let scopes = match claims.get(&self.config.scope_claim) {
            Some(Value::String(words)) => words.split(' ').filter_map(read_scope).collect(),
            Some(Value::Array(words)) => {
                words.iter().filter_map(Value::as_str).filter_map(read_scope).collect()
            }
            _ => Vec::new(),
        };
        Ok(Token { tenant: tenant.ok_or("tenant")?, subject: subject.to_owned(), scopes })
    }
}

fn read_scope(word: &str) -> Option<Scope> {
    word.parse().ok()
}

/// Whether API Gateway accepts the subject in its context.
fn is_valid_subject(subject: &str) -> bool {
    (1..=SUBJECT_LENGTH_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control)
}

/// The reason of an error. The message of the library may quote the token.
fn reason(kind: &jsonwebtoken::errors::ErrorKind) -> &'static str {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::InvalidSignature => "signature",
        ErrorKind::ExpiredSignature => "expired",
        ErrorKind::ImmatureSignature => "not valid yet",
        ErrorKind::InvalidIssuer => "issuer",
        ErrorKind::InvalidAudience => "audience",
        ErrorKind::InvalidAlgorithm => "algorithm",
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => "claims",
        _ => "unreadable",
    }
}
