//! The requests and faults to explore.

use crate::action::FaultKind;

/// A request to ingest a batch. A client that sends it again is another request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its idempotency key.
    pub key: Option<u8>,
    /// Its body: distinct transaction ids with their contents.
    pub body: &'static [(u8, u8)],
}

/// The parameters of an exploration.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The requests, sent concurrently and in any order.
    pub requests: Vec<Request>,
    /// How many times clients retry failed rows, at most.
    pub retries_max: u8,
    /// How many workers run concurrently.
    pub workers: usize,
    /// How many rows a worker claims at once: `CLAIM_MAX`.
    pub claim_max: usize,
    /// How many attempts a row has: `ATTEMPTS_MAX`.
    pub attempts_max: u8,
    /// How many receives a message has before SQS moves it to the dead-letter queue:
    /// `maxReceiveCount`.
    pub receives_max: u8,
    /// How many faults occur at most, at any steps.
    pub faults_max: u8,
    /// The categories of faults that occur.
    pub faults: &'static [FaultKind],
}

impl Scenario {
    /// Requests without faults, with two workers.
    #[must_use]
    pub fn of(requests: &[Request]) -> Self {
        Self {
            requests: requests.to_vec(),
            retries_max: 0,
            workers: 2,
            claim_max: 1,
            attempts_max: 2,
            receives_max: 2,
            faults_max: 0,
            faults: &[],
        }
    }

    /// The same with up to `faults_max` faults of some categories.
    #[must_use]
    pub fn with_faults(self, faults_max: u8, faults: &'static [FaultKind]) -> Self {
        Self { faults_max, faults, ..self }
    }
}
