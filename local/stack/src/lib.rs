//! AWS on one machine, as far as Tributary needs it: API Gateway, Lambda, the SQS event source mapping and
//! a schedule, so that the real function binaries run behind the real Lambda Runtime API.
//!
//! For the `tributary` command, end-to-end tests, fault injection and benchmarks. Not for production, and
//! not an SQS or a PostgreSQL: those are other crates, given to [`Stack`] by their URLs.

mod account;
mod build;
mod guard;
mod invocation;
mod invoke_api;
mod listener;
mod logs;
mod runtime_api;
mod stack;

pub mod event_source;
pub mod gateway;
pub mod lambda;
pub mod schedule;

pub use account::ACCOUNT_ID;
pub use build::{BuildError, build_functions};
pub use lambda::Lambda;
pub use logs::LogLine;
pub use stack::{Stack, StackConfig, StackError};
