//! A simulated client: posts, repeats, updates and reads batches, and removes transactions.
//!
//! Its actions are drawn from its own seed and do not depend on time: the same seed gives the same
//! requests in the same order. The number of requests until the faults end does depend on time.

mod pairs;
mod removals;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tributary_client::{Method, StatusCode};
use uuid::Uuid;

use crate::api::Api;
use crate::ledger::{Accepted, Expected, Ledger};
use crate::request::{DEADLY, Request, account, transaction, with};

/// The number of transactions that all clients send, so that batches overlap.
const SHARED_TRANSACTIONS: usize = 24;
/// The pause after each action, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 0..60;

/// A simulated client.
pub struct SimulatedClient {
    name: String,
    random: StdRng,
    api: Arc<Api>,
    ledger: Arc<Ledger>,
    /// Its accepted requests with their batches.
    accepted: Vec<(Request, Uuid)>,
    /// Its own transactions, as last sent.
    own: Vec<Value>,
    known_accounts: BTreeSet<String>,
    next_id: u32,
}

impl SimulatedClient {
    /// A client whose ids start with its name.
    pub fn new(name: String, seed: u64, api: Arc<Api>, ledger: Arc<Ledger>) -> Self {
        let (accepted, own, known_accounts) = (Vec::new(), Vec::new(), BTreeSet::new());
        let random = StdRng::seed_from_u64(seed);
        Self { name, random, api, ledger, accepted, own, known_accounts, next_id: 0 }
    }

    /// Sends requests until stopped, and waits for the response to the last one.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.random.random_range(0..100) {
                0..20 => self.send_new().await,
                20..32 => self.send_repeat().await,
                32..38 => self.send_other_body_with_same_key().await,
                38..50 => self.send_update().await,
                50..62 => self.send_overlapping().await,
                62..69 => self.send_invalid().await,
                69..75 => self.send_pair().await,
                75..81 => self.send_shared_pairs().await,
                81..87 => self.send_removals().await,
                87..94 => self.delete().await,
                _ => self.read().await,
            }
            let pause = Duration::from_millis(self.random.random_range(PAUSE_MS));
            stop.run_until_cancelled(sleep(pause)).await;
        }
    }

    /// Sends equal requests at the same time: they become one batch.
    pub async fn send_burst(&mut self, count: usize) {
        let request = self.new_request();
        let sends = (0..count).map(|_| self.submit(&request, Expected::Accepted));
        join_all(sends).await;
    }

    /// Sends a new batch in which one transaction kills each worker that processes it.
    pub async fn send_deadly(&mut self) {
        let account_id = self.id("deadly_acc");
        let count = self.random.random_range(1..40);
        let deadly = self.random.random_range(0..count);
        let mut transactions = Vec::new();
        for index in 0..count {
            let id = self.id("t");
            let sent = transaction(&mut self.random, &id, &account_id);
            let is_deadly = index == deadly;
            transactions.push(if is_deadly { with(sent, "name", json!(DEADLY)) } else { sent });
        }
        let request = self.request(&[account_id], &transactions);
        self.send(request).await;
    }

    async fn send_new(&mut self) {
        let request = self.new_request();
        self.send(request).await;
    }

    fn new_request(&mut self) -> Request {
        let account_id = format!("{}_acc{}", self.name, self.random.random_range(0..3));
        let count =
            if self.random.random_ratio(1, 40) { 700 } else { self.random.random_range(1..30) };
        let transactions: Vec<_> = (0..count)
            .map(|_| {
                let id = self.id("t");
                transaction(&mut self.random, &id, &account_id)
            })
            .collect();
        self.own.extend(transactions.iter().take(30).cloned());
        self.request(&[account_id], &transactions)
    }

    async fn send_repeat(&mut self) {
        let Some((mut request, _)) = self.accepted.choose(&mut self.random).cloned() else {
            return;
        };
        // Equal content in another form is the same request.
        if self.random.random_ratio(1, 2) {
            request.body = request.body.replace("},{", "},\n{");
        }
        self.submit(&request, Expected::Accepted).await;
    }

    async fn send_other_body_with_same_key(&mut self) {
        let Some((first, _)) = self.accepted.choose(&mut self.random).cloned() else { return };
        let account_id = self.id("reused_acc");
        let id = self.id("reused");
        let transactions = [transaction(&mut self.random, &id, &account_id)];
        let accounts = [account(&account_id, "Reused")];
        let other = Request::new(first.key, first.key_in_header, &accounts, &transactions, &[]);
        self.submit(&other, Expected::KeyReused).await;
    }

    async fn send_update(&mut self) {
        let count = self.random.random_range(1..12).min(self.own.len());
        self.own.shuffle(&mut self.random);
        for index in 0..count {
            // One in four does not change.
            if let Some(own) = self.own.get_mut(index)
                && self.random.random_ratio(3, 4)
            {
                let text = |field| own.get(field).and_then(Value::as_str).unwrap_or_default();
                *own = transaction(&mut self.random, text("transaction_id"), text("account_id"));
            }
        }
        let changed: Vec<_> = self.own.iter().take(count).cloned().collect();
        if !changed.is_empty() {
            let request = self.request(&[], &changed);
            self.send(request).await;
        }
    }

    /// Sends transactions that other clients send too, in either order and with different content.
    async fn send_overlapping(&mut self) {
        let mut indices: Vec<_> = (0..SHARED_TRANSACTIONS).collect();
        indices.shuffle(&mut self.random);
        indices.truncate(self.random.random_range(2..SHARED_TRANSACTIONS));
        indices.sort_unstable();
        if self.random.random_bool(0.5) {
            indices.reverse();
        }
        let transactions: Vec<_> = indices
            .iter()
            .map(|index| transaction(&mut self.random, &format!("shared_{index:02}"), "acc_shared"))
            .collect();
        let request = self.request(&["acc_shared".to_owned()], &transactions);
        self.send(request).await;
    }

    /// Sends a request with one invalid transaction. None of its content may be stored, including
    /// its update of an existing transaction.
    async fn send_invalid(&mut self) {
        let account_id = self.id("bad_acc");
        let (id, last) = (self.id("bad"), self.id("bad"));
        let good = transaction(&mut self.random, &id, &account_id);
        let bad = transaction(&mut self.random, &last, &account_id);
        let bad = match self.random.random_range(0..4) {
            0 => with(bad, "amount", json!("1.0000000000000000001")),
            1 => with(bad, "account_id", json!("bad_unknown")),
            2 => with(bad, "transaction_id", json!(id)),
            _ => with(bad, "iso_currency_code", json!("XXX")),
        };
        let existing = self.own.choose(&mut self.random).cloned();
        let update = existing.map(|existing| with(existing, "name", json!("must not be stored")));
        let transactions: Vec<_> = [Some(good), update, Some(bad)].into_iter().flatten().collect();
        let key = self.id("key");
        let accounts = [account(&account_id, "Bad")];
        let request = Request::new(key, true, &accounts, &transactions, &[]);
        self.submit(&request, Expected::Invalid).await;
    }

    /// Reads a batch or a summary: the counts by status must add up to the total at any time.
    async fn read(&mut self) {
        let Some((_, batch_id)) = self.accepted.choose(&mut self.random) else { return };
        let get = |path: &[&str]| tributary_client::Request::new(Method::GET, path);
        let (request, total) = if self.random.random_bool(0.5) {
            (get(&["api", "batches", &batch_id.to_string()]), "/total_transactions")
        } else {
            let Some(account_id) = self.known_accounts.first() else { return };
            let request = get(&["api", "reports", "account", account_id, "summary"])
                .query("start_date", "2025-10-01")
                .query("end_date", "2025-10-31");
            (request, "/metrics/total_transactions")
        };
        let response = match self.api.send(&request).await {
            Ok(response) => response,
            Err(error) => return self.ledger.add_finding(format!("{request:?}: {error}")),
        };
        let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
        let counted = ["pending", "processing", "completed", "failed"]
            .iter()
            .filter_map(|status| body.get("processing_status")?.get(status)?.as_i64())
            .sum::<i64>();
        let total = body.pointer(total).and_then(Value::as_i64);
        if response.status != StatusCode::OK || total != Some(counted) {
            self.ledger.add_finding(format!("{request:?}: {}: {}", response.status, response.body));
        }
    }

    /// A request with a new key that removes nothing.
    fn request(&mut self, accounts: &[String], transactions: &[Value]) -> Request {
        self.request_with_removals(accounts, transactions, &[])
    }

    /// A request with a new key, in either format. It omits some of the accounts that exist.
    fn request_with_removals(
        &mut self,
        accounts: &[String],
        transactions: &[Value],
        removed: &[Value],
    ) -> Request {
        let key = self.id("key");
        let is_plaid = self.random.random_bool(0.3);
        let in_header = self.random.random_bool(0.5);
        let included: Vec<_> = accounts
            .iter()
            .filter(|id| !self.known_accounts.contains(*id) || self.random.random_bool(0.3))
            .collect();
        let included: Vec<_> = included
            .into_iter()
            .map(|id| account(id, &format!("Name {}", self.random.random_range(0..3))))
            .collect();
        if is_plaid {
            Request::plaid(key, &included, transactions, removed)
        } else {
            Request::new(key, in_header, &included, transactions, removed)
        }
    }

    async fn send(&mut self, request: Request) {
        let accepted = self.submit(&request, Expected::Accepted).await;
        if let Some(accepted) = accepted {
            let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
            let accounts = body.get("accounts").and_then(Value::as_array).into_iter().flatten();
            let ids = accounts
                .filter_map(|account| Some(account.get("account_id")?.as_str()?.to_owned()));
            self.known_accounts.extend(ids);
            self.accepted.push((request, accepted.batch_id));
        }
    }

    async fn submit(&self, request: &Request, expected: Expected) -> Option<Accepted> {
        let first_sent = Instant::now();
        let outcome = self.api.submit(request).await;
        self.ledger.record(request, expected, first_sent, outcome)
    }

    fn id(&mut self, prefix: &str) -> String {
        self.next_id += 1;
        format!("{}_{prefix}{}", self.name, self.next_id)
    }
}
