//! A model of Tributary's protocol, small enough that every order of its steps is looked at.
//!
//! It is about what several processes do to each other: ingest, SQS, enrich and relay, any of which
//! may die at any step. It is not about what one process does by itself: parsing, money, SQL text and
//! folding the report have tests of their own. Left out: keys that expire, and pending transactions that
//! posted ones replace. Nothing deployed depends on it.
//!
//! A [`Scenario`] says what clients post and how many faults strike; [`Guards`] says which of the
//! protocol's guards are in place; [`Protocol`] makes of both a model for the `stateright` checker.
#![expect(
    clippy::indexing_slicing,
    reason = "only tests run a model; an index out of range is its defect, and a panic shows it"
)]

mod action;
mod enrich;
mod explore;
mod guard;
mod ingest;
mod properties;
mod protocol;
mod queue;
mod relay;
mod retry;
mod scenario;
mod state;
mod sums;

pub use action::{Action, Fault, FaultKind};
pub use explore::{Explored, explore, shortest_counterexample, steps_of_longest_run};
pub use guard::{Guard, Guards};
pub use properties::{Always, Sometimes};
pub use protocol::Protocol;
pub use scenario::{Post, Scenario};
