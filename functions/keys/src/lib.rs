//! Manages the API keys of the caller's tenant, and tells a caller what its credential allows.

mod config;
mod credential;
mod handler;
mod management;

pub use config::Config;
pub use handler::Keys;
