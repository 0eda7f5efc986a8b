//! Fault injection on the local stack: clients post and post again while processes die, PostgreSQL
//! crashes, SQS misbehaves and connections are cut; then everything must settle, `check` must be clean and
//! the clients' own ledger must equal the database row by row.
//!
//! A seed replays the choices: which faults, in which order, with which pauses, and what each client
//! sends. It does not replay time: where in its work a process is when it dies differs from run to run.

mod api;
mod audit;
mod client;
mod injector;
mod ledger;
mod plan;
mod proxy;
mod request;
mod run;
mod settle;

pub use injector::Injected;
pub use run::{ChaosConfig, ChaosError, Progress, Report, run};
