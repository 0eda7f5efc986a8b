//! Processes queue messages: claims the slices of a batch under a lease, categorises them, writes the
//! results.

mod config;
mod decision;
mod handler;
mod latency;
mod simulated_crash;
mod worker;

pub use config::Config;
pub use handler::Enrich;
pub use latency::{LatencyRange, SimulatedLatency};
pub use simulated_crash::SimulatedCrash;
pub use worker::{Ending, Limits, WorkError, Worker};
