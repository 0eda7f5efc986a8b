//! Takes a batch in: parse, one database transaction, send to the queue, answer 202. And takes what
//! failed of one in again.

mod announcement;
mod config;
mod handler;
mod idempotency_key;
mod retry;
mod submission;

pub use config::Config;
pub use handler::Ingest;
