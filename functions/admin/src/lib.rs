//! What an operator asks of a system whose database and queues no laptop reaches: migrations, checks,
//! dead letters, API keys. The `admin` function is invoked by IAM alone; the `tributary` command runs the same
//! [operations](Operation) in its own process or on a deployed function.
//!
//! An operation is a module here and a line in the table of `operation.rs`.

pub mod check;
mod config;
mod custom_resource;
pub mod dlq;
mod error;
mod handler;
pub mod keys;
pub mod migrate;
mod operation;

pub use config::Config;
pub use error::AdminError;
pub use handler::Admin;
pub use operation::Operation;
