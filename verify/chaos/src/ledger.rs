//! What the clients know for certain: every 202 they got, for which body, between which moments; and
//! every answer that should not have been.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use reqwest::StatusCode;
use tokio::time::Instant;
use tributary_domain::IngestRequest;

use crate::api::{Accepted, Answer, NoAnswer};
use crate::request::Request;

/// What a request must be answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// 202.
    Accepted,
    /// 409: its key was used for another body.
    KeyReused,
    /// 422.
    Invalid,
}

/// A request that was answered with 202.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its idempotency key.
    pub key: String,
    /// What it brought.
    pub content: IngestRequest,
    /// Not committed before this moment.
    pub first_sent: Instant,
    /// Committed by this moment.
    pub answered: Instant,
    /// What it was answered with.
    pub accepted: Accepted,
}

/// What all clients know.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    accepted: BTreeMap<String, Entry>,
    repeats: u64,
    refused: u64,
    faults: Vec<String>,
}

impl Ledger {
    /// Writes down what a request was answered with. Answers the batch, if it became one.
    pub fn record(
        &self,
        request: &Request,
        expected: Expected,
        first_sent: Instant,
        outcome: Result<Answer, NoAnswer>,
    ) -> Option<Accepted> {
        let key = &request.key;
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                self.fault(format!("request {key}: {error}"));
                return None;
            }
        };
        let wanted = match expected {
            Expected::Accepted => StatusCode::ACCEPTED,
            Expected::KeyReused => StatusCode::CONFLICT,
            Expected::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        };
        if answer.status != wanted {
            let Answer { status, body } = answer;
            self.fault(format!("request {key}: answered {status}, not {wanted}: {body}"));
            return None;
        }
        if expected != Expected::Accepted {
            self.state().refused += 1;
            return None;
        }
        let accepted = serde_json::from_str::<Accepted>(&answer.body);
        let content = IngestRequest::parse(request.body.as_bytes(), Utc::now());
        let (Ok(accepted), Ok(content)) = (accepted, content) else {
            self.fault(format!("request {key}: a 202 that cannot be read: {}", answer.body));
            return None;
        };
        let key = key.clone();
        self.accept(Entry { key, content, first_sent, answered: Instant::now(), accepted });
        Some(accepted)
    }

    /// The first answer stands, whenever its request was sent; a later one must be the same.
    fn accept(&self, entry: Entry) {
        let mut state = self.state();
        let Some(known) = state.accepted.get_mut(&entry.key) else {
            state.accepted.insert(entry.key.clone(), entry);
            return;
        };
        known.first_sent = known.first_sent.min(entry.first_sent);
        known.answered = known.answered.min(entry.answered);
        let first = known.accepted;
        state.repeats += 1;
        if first != entry.accepted {
            let (key, later) = (entry.key, entry.accepted);
            state.faults.push(format!("request {key}: answered {first:?}, then {later:?}"));
        }
    }

    /// Writes down what should not have been.
    pub fn fault(&self, fault: String) {
        self.state().faults.push(fault);
    }

    /// Every request that became a batch.
    pub fn accepted(&self) -> Vec<Entry> {
        self.state().accepted.values().cloned().collect()
    }

    /// What should not have been.
    pub fn faults(&self) -> Vec<String> {
        self.state().faults.clone()
    }

    /// How many answers repeated an earlier one, and how many requests were refused as they should be.
    pub fn repeats_and_refusals(&self) -> (u64, u64) {
        let state = self.state();
        (state.repeats, state.refused)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
