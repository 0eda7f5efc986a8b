//! A local API Gateway, Lambda, SQS event source mapping and schedule. The function binaries run
//! unmodified, against the Lambda Runtime API.
//!
//! For the `tributary` command, end-to-end tests, fault injection and benchmarks, not for
//! production. SQS and PostgreSQL run separately; [`StackConfig`] has their URLs.

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
