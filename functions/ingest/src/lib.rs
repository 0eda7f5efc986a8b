//! Accepts batches: parses the request, writes it in one database transaction, sends queue messages
//! and returns 202. Also retries the failed transactions of a batch.

mod announcement;
mod config;
mod handler;
mod idempotency_key;
mod removal;
mod retry;
mod submission;

pub use config::{Config, Limits};
pub use handler::Ingest;
