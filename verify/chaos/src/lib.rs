//! Fault injection on the local stack: clients send and repeat requests while processes are killed,
//! PostgreSQL crashes, SQS fails and connections are closed. Afterwards all work must complete,
//! `check` must find nothing, and the clients' ledger must match the database row by row.
//!
//! A seed determines the faults, their order and pauses, and each client's requests. It does not
//! determine timing: the point at which a process is killed differs between runs.

mod api;
mod audit;
mod drain;
mod error;
mod injector;
mod ledger;
mod plan;
mod proxy;
mod request;
mod run;
mod simulated_client;
mod summaries;

pub use error::ChaosError;
pub use injector::Injected;
pub use run::{ChaosConfig, Progress, Report, run};
