//! The sequence of faults, drawn from a seed: the same seed gives the same faults and pauses.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The minimum number of faults between two restarts of PostgreSQL, each of which takes about a
/// second.
const FAULTS_BETWEEN_RESTARTS_MIN: u32 = 30;

/// A fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL to an environment of this function, preferably a busy one.
    Kill(Victim),
    /// PostgreSQL crashes and recovers.
    RestartPostgres,
    /// All connections of the functions to PostgreSQL are closed.
    CloseConnections,
    /// SQS rejects every call for this long.
    RejectSqs(Duration),
    /// SQS delays its responses.
    DelaySqs {
        /// The delay of each response.
        by: Duration,
        /// How long the fault lasts.
        window: Duration,
    },
    /// SQS delivers half of the messages twice, for this long.
    DuplicateMessages(Duration),
    /// SQS delivers messages in random order from now on.
    ReorderMessages,
    /// This many equal requests at the same time.
    EqualRequests(usize),
    /// SIGSTOP to a process of this function for this long, which may be longer than its lease and
    /// its timeout; then it continues.
    Pause(Victim, Duration),
    /// Locks rows of the shared accounts, and kills ingest while its statements wait for them.
    KillWaiting(Duration),
    /// A batch with a transaction that kills each worker that processes it.
    DeadlyTransaction,
    /// PostgreSQL accepts no writes, for this long.
    ReadOnly(Duration),
}

/// A function to kill or to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// Has claimed rows, or has written half of its results.
    Enrich,
    /// Has written half a batch, or has committed it without responding.
    Ingest,
    /// Has sent messages without recording it.
    Relay,
    /// Only reads.
    Report,
    /// Runs before every API call.
    Authorize,
}

impl Victim {
    /// The function's Lambda name.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Enrich => "enrich",
            Self::Ingest => "ingest",
            Self::Relay => "relay",
            Self::Report => "report",
            Self::Authorize => "authorize",
        }
    }
}

impl Fault {
    /// Its name in the report.
    #[must_use]
    pub fn name(self) -> String {
        let name = match self {
            Self::Kill(victim) => return format!("SIGKILL {}", victim.function()),
            Self::RestartPostgres => "PostgreSQL crash",
            Self::CloseConnections => "connections closed",
            Self::RejectSqs(_) => "SQS rejects",
            Self::DelaySqs { .. } => "SQS delays",
            Self::DuplicateMessages(_) => "SQS duplicates",
            Self::ReorderMessages => "SQS reorders",
            Self::EqualRequests(_) => "equal requests",
            Self::Pause(victim, _) => return format!("SIGSTOP {}", victim.function()),
            Self::KillWaiting(_) => "SIGKILL ingest waiting for a lock",
            Self::DeadlyTransaction => "transaction that kills its worker",
            Self::ReadOnly(_) => "PostgreSQL read-only",
        };
        name.to_owned()
    }
}

/// An endless sequence of faults, each with the pause before it.
pub struct Plan {
    random: StdRng,
    since_restart: u32,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), since_restart: 0 }
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.random.random_range(from..=to))
    }

    fn fault(&mut self) -> Fault {
        self.since_restart += 1;
        match self.random.random_range(0..100) {
            0..19 => Fault::Kill(Victim::Enrich),
            19 => Fault::DeadlyTransaction,
            20..23 => Fault::Pause(Victim::Enrich, self.millis(3_000, 8_000)),
            23..25 => Fault::Pause(Victim::Ingest, self.millis(3_000, 8_000)),
            25..28 => Fault::KillWaiting(self.millis(300, 1_000)),
            28..42 => Fault::Kill(Victim::Ingest),
            42..49 => Fault::Kill(Victim::Relay),
            49..54 => Fault::Kill(Victim::Authorize),
            54..57 => Fault::Kill(Victim::Report),
            57..70 => Fault::CloseConnections,
            70..73 => Fault::ReadOnly(self.millis(200, 1_000)),
            73..78 => Fault::RejectSqs(self.millis(100, 700)),
            78..83 => Fault::DelaySqs { by: self.millis(50, 400), window: self.millis(200, 1_000) },
            83..87 => Fault::DuplicateMessages(self.millis(500, 2_000)),
            87..89 => Fault::ReorderMessages,
            89..94 => Fault::EqualRequests(self.random.random_range(4..=10)),
            _ if self.since_restart > FAULTS_BETWEEN_RESTARTS_MIN => {
                self.since_restart = 0;
                Fault::RestartPostgres
            }
            _ => Fault::CloseConnections,
        }
    }
}

impl Iterator for Plan {
    type Item = (Duration, Fault);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.millis(20, 100), self.fault()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn planned(seed: u64) -> Vec<(Duration, Fault)> {
        Plan::new(seed).take(500).collect()
    }

    #[test]
    fn equal_seeds_plan_equal_faults() {
        assert_eq!(planned(7), planned(7));
        assert_ne!(planned(7), planned(8));
    }

    #[test]
    fn every_fault_occurs_and_restarts_are_rare() {
        let names: BTreeSet<_> = planned(1).iter().map(|(_, fault)| fault.name()).collect();
        assert_eq!(names.len(), 17, "{names:?}");
        let restarts = planned(1).iter().filter(|(_, it)| *it == Fault::RestartPostgres).count();
        assert!((5..=500 / 30).contains(&restarts), "{restarts}");
    }
}
