//! Returns batches, accounts, transactions and summaries.

mod account_body;
mod accounts;
mod batch;
mod batches;
pub mod cursor;
mod handler;
mod parameters;
mod summary;
mod transaction;
mod transaction_body;
mod transactions;

pub use handler::Report;
pub use transactions::SEARCH_LENGTH_MAX;
