//! Answers what is known: an account's summary, its transactions, a batch's progress.

mod batch;
mod config;
pub mod cursor;
mod handler;
mod parameters;
mod summary;
mod transactions;

pub use config::Config;
pub use handler::Report;
