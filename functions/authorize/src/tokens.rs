//! JSON Web Tokens of one issuer (RFC 7519): RS256 and ES256, for our audience, of a tenant.

use std::time::SystemTime;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use tributary_domain::{Scope, TenantId};

use crate::jwks::{Jwks, JwksError, JwksSource};

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY_S: u64 = 30;
/// The longest subject that is passed on, in bytes.
const SUBJECT_LENGTH_MAX: usize = 255;

/// Whose tokens are taken, and what they say.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// `JWT_ISSUER`: the claim `iss` is exactly this.
    pub issuer: String,
    /// `JWT_AUDIENCE`: the claim `aud` is this or holds it.
    pub audience: String,
    /// `JWT_JWKS_URL` or `JWT_JWKS_FILE`: the issuer's public keys.
    pub jwks: JwksSource,
    /// `JWT_TENANT_CLAIM`: the claim that is the tenant's id.
    pub tenant_claim: String,
    /// `JWT_SCOPE_CLAIM`: the claim that lists scopes, as one text or an array of texts.
    pub scope_claim: String,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// For whom its bearer calls. Whether there is such a tenant is not known yet.
    pub tenant: TenantId,
    /// Who its bearer is, as the issuer names it.
    pub subject: String,
    /// What its bearer may do; words that are no scopes of ours are passed over.
    pub scopes: Vec<Scope>,
}

/// Why a token says nothing.
#[derive(Debug)]
pub enum TokenError {
    /// It is not good; why is for the log alone.
    Refused(&'static str),
    /// It cannot be told, for want of the issuer's keys.
    Unavailable(JwksError),
}

/// Verifies tokens.
#[derive(Debug)]
pub struct Tokens {
    config: TokenConfig,
    jwks: Jwks,
}

impl Tokens {
    /// Takes tokens as configured. The issuer's keys are fetched when they are first needed.
    #[must_use]
    pub fn new(config: TokenConfig) -> Self {
        Self { jwks: Jwks::new(config.jwks.clone()), config }
    }

    /// Verifies a token's signature and claims, and reads it.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn verify(&self, token: &str) -> Result<Token, TokenError> {
        let refused = TokenError::Refused;
        // `none` and whatever else is no algorithm of a signature does not even read.
        let header = decode_header(token).map_err(|_| refused("unreadable header"))?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(refused("algorithm"));
        }
        // RFC 7515, 4.1.11: extensions that must be understood, and are not.
        if header.crit.is_some() {
            return Err(refused("critical extension"));
        }
        let id = header.kid.ok_or(refused("no key id"))?;
        let key = self.jwks.key(&id, SystemTime::now()).await.map_err(TokenError::Unavailable)?;
        let key = key.ok_or(refused("unknown key"))?;
        let validation = self.validation(key.algorithm);
        let claims = decode::<Map<String, Value>>(token, &key.decoding_key, &validation)
            .map_err(|error| refused(reason(error.kind())))?
            .claims;
        self.read(&claims).map_err(refused)
    }

    /// The algorithm is the key's own, so that no token can choose how it is verified.
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
        // The library takes an array that holds the issuer, too; RFC 7519 knows of no such thing.
        text("iss").filter(|issuer| *issuer == self.config.issuer).ok_or("issuer")?;
        let subject = text("sub").filter(|subject| is_sane(subject)).ok_or("subject")?;
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

/// Fit for API Gateway's context.
fn is_sane(subject: &str) -> bool {
    (1..=SUBJECT_LENGTH_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control)
}

/// Why the library refuses a token, in words of ours: its own may quote the token.
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
