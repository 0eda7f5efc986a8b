//! Says who may call: the Lambda authorizer of the REST API.

mod authorize;
mod config;

pub use authorize::{Authorize, Refusal};
pub use config::Config;
