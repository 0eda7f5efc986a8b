//! The parts that the functions share: configuration, logs, metrics, routes, HTTP requests and
//! responses.

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
