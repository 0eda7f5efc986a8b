//! A model of Tributary's protocol, small enough to explore every interleaving of its steps.
//!
//! It covers the interaction of ingest, SQS, enrich and relay, each of which can crash at any step,
//! with the locks that their transactions hold. It does not cover what one process does alone:
//! parsing, money, SQL and report folding have tests of their own. It omits the expiry of
//! idempotency keys, and workers that process several slices at once. No deployed code depends on
//! it.
//!
//! A [`Scenario`] defines the requests and the number of faults; [`Guards`] selects the protocol's
//! guards in effect; [`Protocol`] combines both into a model for the `stateright` checker.
#![expect(
    clippy::indexing_slicing,
    reason = "only tests run a model; an index out of range is a defect of it, which a panic shows"
)]

mod action;
mod always;
mod claim;
mod enrich;
mod explore;
mod finish;
mod guard;
mod id_set;
mod ingest;
mod ingest_rows;
mod locks;
mod model;
mod properties;
mod protocol;
mod queue;
mod relay;
mod retry;
mod row;
mod scenario;
mod slice;
mod sometimes;
mod state;
mod sums;
mod transactions;
mod transition;

pub use action::{Action, Fault, FaultKind};
pub use always::Always;
pub use explore::{Explored, explore, shortest_counterexample, steps_of_longest_run};
pub use guard::{Guard, Guards};

pub use protocol::Protocol;
pub use scenario::{Entry, Request, Scenario};
pub use sometimes::Sometimes;
