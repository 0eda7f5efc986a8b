//! The configuration of authorize.

use reqwest::Url;
use tributary_lambda::database::DatabaseConfig;
use tributary_lambda::environment::{Environment, EnvironmentError};
use tributary_lambda::peppers::PepperSources;

use crate::jwks::JwksSource;
use crate::tokens::TokenConfig;

const ISSUER: &str = "JWT_ISSUER";
const AUDIENCE: &str = "JWT_AUDIENCE";
const JWKS_URL: &str = "JWT_JWKS_URL";
const JWKS_FILE: &str = "JWT_JWKS_FILE";

/// The configuration of authorize.
#[derive(Debug)]
pub struct Config {
    /// The variables that begin with `DATABASE_`.
    pub database: DatabaseConfig,
    /// The variables that begin with `API_KEY_PEPPER`.
    pub peppers: PepperSources,
    /// The variables that begin with `JWT_`; `None` if there are none.
    pub tokens: Option<TokenConfig>,
}

impl Config {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`EnvironmentError`] names every variable that is missing or invalid.
    pub fn from_env() -> Result<Self, EnvironmentError> {
        Environment::load(|environment| Self {
            database: DatabaseConfig::read(environment),
            peppers: PepperSources::read(environment),
            tokens: tokens(environment),
        })
    }
}

/// Reads the configuration of the issuer, which must be complete or absent.
fn tokens<L: Fn(&str) -> Option<String>>(environment: &mut Environment<L>) -> Option<TokenConfig> {
    let names = [ISSUER, AUDIENCE, JWKS_URL, JWKS_FILE];
    if names.iter().all(|name| environment.optional::<String>(name).is_none()) {
        return None;
    }
    let issuer = environment.required(ISSUER);
    let audience = environment.required(AUDIENCE);
    let jwks =
        match (environment.optional::<String>(JWKS_URL), environment.optional::<String>(JWKS_FILE))
        {
            (Some(url), None) => {
                let url = url.parse().ok().filter(is_safe);
                if url.is_none() {
                    environment.fault(&format!("{JWKS_URL} is not a URL with https"));
                }
                JwksSource::Url(url?)
            }
            (None, Some(path)) => JwksSource::File(path.into()),
            _ => {
                environment.fault(&format!("one of {JWKS_URL} and {JWKS_FILE} is needed"));
                return None;
            }
        };
    let mut claim = |name: &str, default: &str| {
        environment.optional::<String>(name).unwrap_or_else(|| default.to_owned())
    };
    let tenant_claim = claim("JWT_TENANT_CLAIM", "tenant_id");
    let scope_claim = claim("JWT_SCOPE_CLAIM", "scope");
    Some(TokenConfig { issuer, audience, jwks, tenant_claim, scope_claim })
}

/// An attacker who can change the fetched keys can forge tokens, so only HTTPS or loopback is safe.
fn is_safe(url: &Url) -> bool {
    let is_loopback = url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    });
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Option<TokenConfig>, String> {
        let set = set.to_vec();
        let mut environment = Environment::new(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let tokens = tokens(&mut environment);
        environment.finish(tokens).map_err(|error| error.to_string())
    }

    #[test]
    fn tokens_are_disabled_without_issuer() {
        assert!(read(&[]).unwrap().is_none());
        assert!(read(&[(ISSUER, ""), (JWKS_URL, "")]).unwrap().is_none());
    }

    #[test]
    fn incomplete_issuer_is_a_fault_that_names_the_rest() {
        let fault = read(&[(ISSUER, "i")]).unwrap_err();
        assert!(fault.contains(AUDIENCE) && fault.contains(JWKS_FILE), "{fault}");
        let both = [(ISSUER, "i"), (AUDIENCE, "a"), (JWKS_URL, "https://i/"), (JWKS_FILE, "f")];
        assert!(read(&both).is_err());
        let tokens = read(&[(ISSUER, "i"), (AUDIENCE, "a"), (JWKS_FILE, "f")]).unwrap().unwrap();
        assert_eq!((tokens.tenant_claim, tokens.scope_claim), ("tenant_id".into(), "scope".into()));
    }

    #[test]
    fn keys_are_fetched_by_https_or_from_loopback() {
        for (url, is_accepted) in [
            ("https://issuer.example/jwks.json", true),
            ("http://127.0.0.1:8080/jwks.json", true),
            ("http://[::1]/jwks.json", true),
            ("http://localhost/jwks.json", true),
            ("http://issuer.example/jwks.json", false),
            ("http://127.0.0.1.example/", false),
            ("file:///etc/passwd", false),
            ("jwks.json", false),
        ] {
            let read = read(&[(ISSUER, "i"), (AUDIENCE, "a"), (JWKS_URL, url)]);
            assert_eq!(read.is_ok(), is_accepted, "{url}");
        }
    }
}
