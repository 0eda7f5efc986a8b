//! Says whether PostgreSQL and the queue answer, and what the API looks like. Needs no key.

mod config;
mod health;

pub use config::Config;
pub use health::{Health, OPENAPI};
