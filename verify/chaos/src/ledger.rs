//! The clients' ledger: every 202 with its body and the times of request and response, and every
//! unexpected response.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use serde::Deserialize;
use tokio::time::Instant;
use tributary_client::StatusCode;
use tributary_domain::IngestRequest;
use uuid::Uuid;

use crate::api::{FinalResponse, NoFinalResponse};
use crate::request::Request;

/// The expected response to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// 202.
    Accepted,
    /// 422: its key belongs to other content.
    KeyReused,
    /// 422.
    Invalid,
}

/// The body of a 202, with counts as the database has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    pub batch_id: Uuid,
    pub total_transactions: i32,
    pub inserted: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub removed: i32,
    pub removed_unknown: i32,
}

/// A request that was accepted with 202.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its idempotency key.
    pub key: String,
    /// Its parsed body.
    pub content: IngestRequest,
    /// A lower bound for the time of the commit.
    pub first_sent: Instant,
    /// An upper bound for the time of the commit.
    pub responded: Instant,
    /// The response.
    pub accepted: Accepted,
}

/// A DELETE of a transaction that has a final response.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The transaction.
    pub transaction_id: String,
    /// A lower bound for the time of the commit.
    pub first_sent: Instant,
    /// An upper bound for the time of the commit.
    pub responded: Instant,
    /// Whether it was found: 204, and not 404.
    pub is_found: bool,
}

/// The ledger that all clients share.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    accepted: BTreeMap<String, Entry>,
    deletions: Vec<Deletion>,
    repeats: u64,
    rejected: u64,
    findings: Vec<String>,
}

impl Ledger {
    /// Records the response to a request. Returns the batch if the request was accepted.
    pub fn record(
        &self,
        request: &Request,
        expected: Expected,
        first_sent: Instant,
        outcome: Result<FinalResponse, NoFinalResponse>,
    ) -> Option<Accepted> {
        let key = &request.key;
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                self.add_finding(format!("request {key}: {error}"));
                return None;
            }
        };
        let wanted = match expected {
            Expected::Accepted => StatusCode::ACCEPTED,
            Expected::KeyReused | Expected::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let is_key_reused = response.body.contains("urn:tributary:problem:idempotency-key-reused");
        if response.status != wanted || is_key_reused != (expected == Expected::KeyReused) {
            let FinalResponse { status, body } = response;
            self.add_finding(format!("request {key}: status {status} instead of {wanted}: {body}"));
            return None;
        }
        if expected != Expected::Accepted {
            self.state().rejected += 1;
            return None;
        }
        let accepted = serde_json::from_str::<Accepted>(&response.body);
        let content = IngestRequest::parse(request.body.as_bytes(), request.format, Utc::now());
        let (Ok(accepted), Ok(content)) = (accepted, content) else {
            self.add_finding(format!("request {key}: invalid body of a 202: {}", response.body));
            return None;
        };
        let key = key.clone();
        self.accept(Entry { key, content, first_sent, responded: Instant::now(), accepted });
        Some(accepted)
    }

    /// Records the response to a DELETE.
    pub fn record_deletion(
        &self,
        transaction_id: &str,
        first_sent: Instant,
        outcome: Result<FinalResponse, NoFinalResponse>,
    ) {
        let is_found = match outcome {
            Ok(response) if response.status == StatusCode::NO_CONTENT => true,
            Ok(response) if response.status == StatusCode::NOT_FOUND => false,
            Ok(FinalResponse { status, body }) => {
                self.add_finding(format!("DELETE {transaction_id}: status {status}: {body}"));
                return;
            }
            Err(error) => {
                self.add_finding(format!("DELETE {transaction_id}: {error}"));
                return;
            }
        };
        let (transaction_id, responded) = (transaction_id.to_owned(), Instant::now());
        let deletion = Deletion { transaction_id, first_sent, responded, is_found };
        self.state().deletions.push(deletion);
    }

    /// Keeps the first response; later ones must be equal to it.
    fn accept(&self, entry: Entry) {
        let mut state = self.state();
        let Some(first) = state.accepted.get_mut(&entry.key) else {
            state.accepted.insert(entry.key.clone(), entry);
            return;
        };
        first.first_sent = first.first_sent.min(entry.first_sent);
        first.responded = first.responded.min(entry.responded);
        let first = first.accepted;
        state.repeats += 1;
        if first != entry.accepted {
            let (key, later) = (entry.key, entry.accepted);
            state.findings.push(format!("request {key}: response {first:?}, then {later:?}"));
        }
    }

    /// Records a defect.
    pub fn add_finding(&self, finding: String) {
        self.state().findings.push(finding);
    }

    /// Every accepted request.
    pub fn accepted(&self) -> Vec<Entry> {
        self.state().accepted.values().cloned().collect()
    }

    /// Every DELETE.
    pub fn deletions(&self) -> Vec<Deletion> {
        self.state().deletions.clone()
    }

    /// All recorded defects.
    pub fn findings(&self) -> Vec<String> {
        self.state().findings.clone()
    }

    /// The number of repeated responses, and of requests rejected as expected.
    pub fn repeats_and_rejections(&self) -> (u64, u64) {
        let state = self.state();
        (state.repeats, state.rejected)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
