//! Says whether PostgreSQL and the queue answer, and what the API looks like. Needs no key.

mod config;
mod handler;

pub use config::Config;
pub use handler::Health;
