//! Every minute: sends what was committed and never sent, wakes batches that nobody works on any more,
//! folds the report's deltas, forgets old idempotency keys. Several at once do no harm: each passes over what another holds.

mod config;
mod handler;

pub use config::Config;
pub use handler::{Done, Relay, RelayError};
