//! Removals, in bodies and by DELETE.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::Value;
use tokio::time::Instant;
use tributary_client::{Method, Request};

use super::{SHARED_TRANSACTIONS, SimulatedClient};
use crate::request::removal;

impl SimulatedClient {
    /// Removes own, shared and unknown transactions in one body, and brings another back or changes
    /// it.
    pub(super) async fn send_removals(&mut self) {
        let mut removed: Vec<(String, String)> = Vec::new();
        for _ in 0..self.random.random_range(1..8) {
            let target = self.target();
            if !removed.iter().any(|(id, _)| *id == target.0) {
                removed.push(target);
            }
        }
        let own = self.own.choose(&mut self.random).cloned();
        let own =
            own.filter(|own| !removed.iter().any(|(id, _)| *id == text(own, "transaction_id")));
        let removed: Vec<_> = removed
            .iter()
            .map(|(id, account_id)| {
                removal(id, self.random.random_bool(0.5).then_some(account_id.as_str()))
            })
            .collect();
        let transactions: Vec<_> = own.into_iter().collect();
        let request = self.request_with_removals(&[], &transactions, &removed);
        self.send(request).await;
    }

    /// Deletes a transaction.
    pub(super) async fn delete(&mut self) {
        let (transaction_id, account_id) = self.target();
        let path = ["api", "accounts", &account_id, "transactions", &transaction_id];
        let first_sent = Instant::now();
        let outcome = self.api.send(&Request::new(Method::DELETE, &path)).await;
        self.ledger.record_deletion(&transaction_id, first_sent, outcome);
    }

    /// The id and the account of a transaction to remove: an own one, one that all clients send, or
    /// one that nobody sends.
    fn target(&mut self) -> (String, String) {
        let shared = || "acc_shared".to_owned();
        match self.random.random_range(0..10) {
            0 => (self.id("never_sent"), shared()),
            1..6 => {
                let index = self.random.random_range(0..SHARED_TRANSACTIONS);
                (format!("shared_{index:02}"), shared())
            }
            _ => match self.own.choose(&mut self.random) {
                Some(own) => (text(own, "transaction_id"), text(own, "account_id")),
                None => (self.id("never_sent"), shared()),
            },
        }
    }
}

fn text(transaction: &Value, field: &str) -> String {
    transaction.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
