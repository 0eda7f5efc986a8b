//! Says who may call: the Lambda authorizer of the REST API. By API key, or by a token of a configured issuer.

mod authorize;
mod config;
mod credential;
mod jwks;
mod policy;
mod tokens;

pub use authorize::{Authorize, Refusal};
pub use config::Config;
pub use credential::Credential;
pub use jwks::{IssuerKey, Jwks, JwksError, JwksSource};
pub use policy::{Caller, Principal};
pub use tokens::{Token, TokenConfig, TokenError, Tokens};
