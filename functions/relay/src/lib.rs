//! Runs every minute: requeues stalled batches, sends due outbox entries, folds the report's deltas
//! and deletes expired idempotency keys. Concurrent runs are safe: each skips rows that another has
//! locked.

mod config;
mod handler;

pub use config::Config;
pub use handler::{Outcome, Relay, RelayError};
