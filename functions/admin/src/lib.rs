//! Operations on a deployed system whose database and queues are not publicly reachable:
//! migrations, checks, dead letters, API keys, erasure. The `admin` function is invoked through IAM.
//! The `tributary` command runs the same [operations](Operation) in its own process or invokes a
//! deployed function.
//!
//! An operation is a module here and an entry in the table of `handler.rs`.

pub mod check;
mod config;
mod context;
mod custom_resource;
pub mod dlq;
pub mod erase;
mod error;
mod handler;
pub mod keys;
pub mod migrate;
mod operation;

pub use config::Config;
pub use context::Admin;
pub use error::AdminError;
pub use handler::handle;
pub use operation::Operation;
