//! Sends batches, and compares each response with the ledger.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::Method;

use crate::account::Account;
use crate::answers::{self, Accepted};
use crate::body::Body;

use crate::ledger::{Batch, Counts, Ledger};
use crate::support::{Api, Response};

pub struct Sender {
    pub api: Api,
    pub ledger: Ledger,
    /// The accepted batches since the last comparison.
    pub accepted: Vec<Accepted>,
    /// The accepted requests with an idempotency key.
    keyed: Vec<(Body, Accepted)>,
}

impl Sender {
    pub fn new(api: Api) -> Self {
        Self { api, ledger: Ledger::default(), accepted: Vec::new(), keyed: Vec::new() }
    }

    pub async fn send(&mut self, batch: &Batch, body: Body) {
        let expected = self.ledger.apply(batch);
        let response = answers::post(&self.api, &body).await;
        match expected {
            Ok(counts) => {
                let accepted = accepted(&response, &body);
                assert_eq!(accepted.counts(), counts, "{}", body.text);
                assert_eq!(response.header("idempotency-replayed"), "");
                self.keep(body, accepted);
            }
            Err(rejection) => {
                let problem = response.assert_problem(422);
                let codes = problem["errors"].as_array().unwrap().iter();
                let mut codes = codes.map(|error| error["code"].as_str().unwrap());
                assert!(codes.all(|code| code == rejection.code()), "{rejection:?}: {problem}");
            }
        }
    }

    /// Records an accepted batch.
    pub fn keep(&mut self, body: Body, accepted: Accepted) {
        self.accepted.push(accepted.clone());
        if body.has_key {
            self.keyed.push((body, accepted));
        }
    }

    /// Sends an earlier request again: the first answer is returned, and nothing changes.
    pub async fn resend(&self, random: &mut StdRng) {
        let Some((body, first)) = self.keyed.choose(random) else { return };
        let response = answers::post(&self.api, body).await;
        let again = accepted(&response, body);
        assert_eq!(response.header("idempotency-replayed"), "true");
        assert_eq!((&again.batch_id, again.counts()), (&first.batch_id, first.counts()));
    }

    /// Deletes a transaction in each account: 404 except in its own.
    pub async fn delete(&mut self, accounts: &[String], id: &str) {
        for account in accounts {
            let is_known = self.ledger.delete(account, id);
            let path = answers::path(&["api", "accounts", account, "transactions", id], &[]);
            let response = answers::call(&self.api, Method::DELETE, &path).await;
            assert_eq!(response.status, if is_known { 204 } else { 404 }, "{}", response.text);
        }
    }

    /// Reads the totals of an account that only this sender uses, while workers are at work.
    pub async fn read(&self, random: &mut StdRng, accounts: &[String]) {
        let own: Vec<_> = accounts.iter().filter(|id| id.starts_with("acc/")).collect();
        let id = own.choose(random).unwrap();
        let account = Account::of(id, [&self.ledger]);
        if !account.rows.is_empty() {
            account.assert_totals(&self.api, random).await;
        }
    }
}

/// The body of a 202, whose counts add up.
pub fn accepted(response: &Response, body: &Body) -> Accepted {
    assert_eq!(response.status, 202, "{}: {}", response.text, body.text);
    let accepted: Accepted = response.read(202);
    let Counts { inserted, updated, unchanged, .. } = accepted.counts();
    assert_eq!(accepted.total_transactions, inserted + updated + unchanged);
    accepted
}
