//! The Lambda authorizer of the REST API: API keys, and tokens of a configured issuer.

mod config;
mod credential;
mod handler;
mod jwks;
mod policy;
mod tokens;

pub use config::Config;
pub use credential::Credential;
pub use handler::{Authorize, Rejection};
pub use jwks::{IssuerKey, Jwks, JwksError, JwksSource};
pub use policy::{Caller, Principal};
pub use tokens::{Token, TokenConfig, TokenError, Tokens};
