//! Works off the queue: claims a batch's rows under a lease, categorises them, writes the results.

mod config;
mod handler;
mod latency;
mod worker;

pub use config::Config;
pub use handler::Enrich;
pub use latency::{LatencyRange, SimulatedLatency};
pub use worker::{Ending, Limits, WorkError, Worker};
