//! What clients do and what may go wrong: the size of what is explored.

use crate::action::FaultKind;

/// A request to take a batch. A client that posts again is one post more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its idempotency key.
    pub key: Option<u8>,
    /// Its body: transaction ids with their contents, each id once.
    pub body: &'static [(u8, u8)],
}

/// What is explored.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The requests, which may come in any order and at the same moment.
    pub posts: Vec<Post>,
    /// How often a client retries what failed, at most.
    pub retries_max: u8,
    /// How many workers run at the same time.
    pub workers: usize,
    /// How many rows a worker claims at a time: `CLAIM_MAX`.
    pub claim_max: usize,
    /// How often a row is tried: `ATTEMPTS_MAX`.
    pub attempts_max: u8,
    /// How often a message is received before SQS gives it up: `maxReceiveCount`.
    pub receives_max: u8,
    /// How many faults strike at most, at any steps.
    pub faults_max: u8,
    /// Of which kinds.
    pub faults: &'static [FaultKind],
}

impl Scenario {
    /// Posts without any fault, for two workers.
    #[must_use]
    pub fn of(posts: &[Post]) -> Self {
        Self {
            posts: posts.to_vec(),
            retries_max: 0,
            workers: 2,
            claim_max: 1,
            attempts_max: 2,
            receives_max: 2,
            faults_max: 0,
            faults: &[],
        }
    }

    /// The same with up to `faults_max` faults of some kinds.
    #[must_use]
    pub fn with_faults(self, faults_max: u8, faults: &'static [FaultKind]) -> Self {
        Self { faults_max, faults, ..self }
    }
}
