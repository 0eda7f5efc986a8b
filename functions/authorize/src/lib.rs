//! Says who may call: the Lambda authorizer of the REST API.

mod authorize;
mod config;

pub use authorize::{Authorize, Refusal, presented_key};
pub use config::Config;
