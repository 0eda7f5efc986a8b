//! The requests and faults to explore.

use crate::action::FaultKind;

/// A transaction in a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// `transaction_id`, below 8. Locks are acquired in its order.
    pub id: u8,
    /// `account_id`.
    pub account: u8,
    /// Stands for all other client-supplied columns.
    pub content: u8,
    /// `is_pending`.
    pub is_pending: bool,
    /// `pending_transaction_id`: the pending transaction that this one replaces.
    pub names: Option<u8>,
}

impl Entry {
    /// A posted transaction that replaces no other.
    #[must_use]
    pub const fn posted(id: u8, content: u8) -> Self {
        Self { id, account: 0, content, is_pending: false, names: None }
    }

    /// A pending transaction.
    #[must_use]
    pub const fn pending(id: u8, content: u8) -> Self {
        Self { is_pending: true, ..Self::posted(id, content) }
    }

    /// The same, as the replacement of a pending transaction.
    #[must_use]
    pub const fn naming(self, pending_id: u8) -> Self {
        Self { names: Some(pending_id), ..self }
    }

    /// The same on another account.
    #[must_use]
    pub const fn on_account(self, account: u8) -> Self {
        Self { account, ..self }
    }

    /// Whether it is one half of a pair of a pending and a posted transaction.
    pub(crate) const fn is_in_pair(&self) -> bool {
        self.is_pending || self.names.is_some()
    }
}

/// A request to ingest a batch. A client that sends it again is another request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its idempotency key.
    pub key: Option<u8>,
    /// Its body: transactions with distinct ids.
    pub body: &'static [Entry],
}

/// The parameters of an exploration.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The requests, sent concurrently and in any order.
    pub requests: Vec<Request>,
    /// How many of the first requests are processed, one after the other, before the exploration
    /// starts.
    pub processed: usize,
    /// How many times clients retry failed rows, at most.
    pub retries_max: u8,
    /// How many workers run concurrently.
    pub workers: usize,
    /// How many positions a slice has: `SLICE_SIZE`.
    pub slice_size: u8,
    /// How many positions each part of an expired slice has. A part that expires again is split
    /// into single positions.
    pub part_size: u8,
    /// How many attempts a slice has: `ATTEMPTS_MAX`.
    pub attempts_max: u8,
    /// How many receives a message has before SQS moves it to the dead-letter queue:
    /// `maxReceiveCount`.
    pub receives_max: u8,
    /// A transaction that crashes every worker that categorises it.
    pub lethal: Option<u8>,
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
            processed: 0,
            retries_max: 0,
            workers: 2,
            slice_size: 1,
            part_size: 1,
            attempts_max: 2,
            receives_max: 2,
            lethal: None,
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
