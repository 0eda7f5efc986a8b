//! Which faults come, and when: drawn from a seed, so that the same seed plans the same faults.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// So many faults pass between two restarts of PostgreSQL, each of which takes about a second.
const BETWEEN_RESTARTS: u32 = 30;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL for an environment of this function: one that is busy, if one is.
    Kill(Victim),
    /// PostgreSQL crashes and recovers.
    RestartPostgres,
    /// Every connection of the functions to PostgreSQL is cut.
    CutConnections,
    /// SQS refuses every call for so long.
    RefuseSqs(Duration),
    /// SQS holds every answer back for `by`, for so long.
    DelaySqs {
        /// How long each answer is held back.
        by: Duration,
        /// How long that goes on.
        window: Duration,
    },
    /// SQS delivers messages twice, half of them, for so long.
    DuplicateMessages(Duration),
    /// SQS delivers messages in any order, from now on.
    ReorderMessages,
    /// So many equal requests at the same moment.
    EqualRequests(usize),
}

/// A function that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// It has claimed rows, or written half of its results.
    Enrich,
    /// It has taken half a batch, or committed it and not answered.
    Ingest,
    /// It has sent messages that it still owes.
    Relay,
    /// It reads.
    Report,
    /// It stands before each of them.
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
    /// What it is called in a report.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Kill(Victim::Enrich) => "SIGKILL enrich",
            Self::Kill(Victim::Ingest) => "SIGKILL ingest",
            Self::Kill(Victim::Relay) => "SIGKILL relay",
            Self::Kill(Victim::Report) => "SIGKILL report",
            Self::Kill(Victim::Authorize) => "SIGKILL authorize",
            Self::RestartPostgres => "PostgreSQL crashes",
            Self::CutConnections => "connections cut",
            Self::RefuseSqs(_) => "SQS refuses",
            Self::DelaySqs { .. } => "SQS delays",
            Self::DuplicateMessages(_) => "SQS duplicates",
            Self::ReorderMessages => "SQS reorders",
            Self::EqualRequests(_) => "equal requests",
        }
    }
}

/// Faults without end, each with the pause before it.
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
            0..24 => Fault::Kill(Victim::Enrich),
            24..42 => Fault::Kill(Victim::Ingest),
            42..49 => Fault::Kill(Victim::Relay),
            49..54 => Fault::Kill(Victim::Authorize),
            54..57 => Fault::Kill(Victim::Report),
            57..73 => Fault::CutConnections,
            73..78 => Fault::RefuseSqs(self.millis(100, 700)),
            78..83 => Fault::DelaySqs { by: self.millis(50, 400), window: self.millis(200, 1_000) },
            83..87 => Fault::DuplicateMessages(self.millis(500, 2_000)),
            87..89 => Fault::ReorderMessages,
            89..94 => Fault::EqualRequests(self.random.random_range(4..=10)),
            _ if self.since_restart > BETWEEN_RESTARTS => {
                self.since_restart = 0;
                Fault::RestartPostgres
            }
            _ => Fault::CutConnections,
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
    fn the_same_seed_plans_the_same_faults_and_another_others() {
        assert_eq!(planned(7), planned(7));
        assert_ne!(planned(7), planned(8));
    }

    #[test]
    fn every_kind_comes_and_restarts_come_seldom() {
        let kinds: BTreeSet<_> = planned(1).iter().map(|(_, fault)| fault.kind()).collect();
        assert_eq!(kinds.len(), 12, "{kinds:?}");
        let restarts = planned(1).iter().filter(|(_, it)| *it == Fault::RestartPostgres).count();
        assert!((5..=500 / 30).contains(&restarts), "{restarts}");
    }
}
