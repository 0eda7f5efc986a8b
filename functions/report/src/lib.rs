//! Returns an account's summary, its transactions, and the progress of a batch.

mod batch;
pub mod cursor;
mod handler;
mod parameters;
mod summary;
mod transaction;
mod transaction_body;
mod transactions;

pub use handler::Report;
