//! What every function needs to start and to answer: configuration, logs, metrics, routes, functions, HTTP
//! answers.
//! Not for what a function does: that is its own library.

pub mod aws;
pub mod backends;
pub mod database;
pub mod deadline;
pub mod environment;
pub mod error_chain;
pub mod functions;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod peppers;
pub mod routes;
pub mod secrets;
pub mod trace;
