//! What every function needs to start and to answer: configuration, logs, metrics, routes, HTTP answers.
//! Not for what a function does: that is its own library.

pub mod deadline;
pub mod environment;
pub mod error_chain;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod routes;
pub mod trace;
