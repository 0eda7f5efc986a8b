//! Measures the system on the local stack: real function processes, real PostgreSQL, real HTTP.
//!
//! Machines differ and are noisy, so each duration is compared with bare SQL that writes the same
//! rows to a table of the same definition in the same run. Counts (bytes of WAL, round trips, rows
//! of sums) do not depend on the machine.

mod api;
mod bare;
mod counts;
mod error;
mod rounds;
mod run;
mod timings;
mod wire;
mod workload;

pub use counts::{BatchCounts, Counts};
pub use error::BenchError;
pub use rounds::Timing;
pub use run::{BenchConfig, Report, SummaryTiming, run};
pub use wire::Wire;
