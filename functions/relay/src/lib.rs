//! Runs every minute: announces batches that are due, folds the report's sums and deletes what is no
//! longer needed. Concurrent runs are safe: each skips rows that another has locked.

mod chore;
mod config;
mod handler;
mod retention;

pub use config::Config;
pub use handler::{Outcome, Relay, RelayError};
pub use retention::{Days, Retention};
