//! Returns batches, accounts, transactions and reports.

mod account_body;
mod accounts;
mod batch;
mod batches;
mod cashflow;
pub mod cursor;
mod handler;
mod merchants;
mod parameters;
mod summary;
mod sums;
mod transaction;
mod transaction_body;
mod transactions;

pub use handler::Report;
pub use transactions::SEARCH_LENGTH_MAX;
