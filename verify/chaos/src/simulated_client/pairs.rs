//! Pairs of a pending transaction and its posted one.

use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use super::SimulatedClient;
use crate::ledger::Expected;
use crate::request::{removal, transaction, with};

/// The number of pending transactions, and of posted ones, whose pairs all clients change.
const SHARED_PAIRS: usize = 3;
const NAMED: &str = "pending_transaction_id";

impl SimulatedClient {
    /// Sends a pending transaction and its posted one: together, in either order, or at the same
    /// time.
    pub(super) async fn send_pair(&mut self) {
        let account_id = format!("{}_acc_pairs", self.name);
        let (pending_id, posted_id) = (self.id("p"), self.id("q"));
        let pending = transaction(&mut self.random, &pending_id, &account_id);
        let pending = with(pending, "pending", json!(true));
        let posted = transaction(&mut self.random, &posted_id, &account_id);
        let posted = with(posted, NAMED, json!(pending_id));
        let late = with(with(posted.clone(), "pending", json!(true)), NAMED, Value::Null);
        let accounts = [account_id];
        let order = self.random.random_range(0..6);
        if order == 0 {
            let request = self.request(&accounts, &[posted, pending]);
            return self.send(request).await;
        }
        if order == 4 {
            // As at Plaid, the posted one arrives with the removal of the pending one.
            let request = self.request(&accounts, &[pending]);
            self.send(request).await;
            let removed = removal(&pending_id, accounts.first().map(String::as_str));
            let request = self.request_with_removals(&accounts, &[posted], &[removed]);
            return self.send(request).await;
        }
        if order == 5 {
            // A late copy of it, from when it was pending, changes nothing.
            let request = self.request(&accounts, &[posted]);
            self.send(request).await;
            let request = self.request(&accounts, &[late, pending]);
            return self.send(request).await;
        }
        let (first, second) = if order == 2 { (posted, pending) } else { (pending, posted) };
        let (first, second) =
            (self.request(&accounts, &[first]), self.request(&accounts, &[second]));
        if order == 3 {
            let submit = |request| self.submit(request, Expected::Accepted);
            tokio::join!(submit(&first), submit(&second));
        } else {
            self.send(first).await;
            self.send(second).await;
        }
    }

    /// Changes pairs that other clients change too: pending transactions arrive again, posted ones
    /// name another of them, or none, or are late copies from when they were
    /// pending. Some are removed.
    pub(super) async fn send_shared_pairs(&mut self) {
        let account_id = "acc_shared_pairs";
        let mut ids: Vec<_> =
            (0..SHARED_PAIRS).flat_map(|index| [(true, index), (false, index)]).collect();
        ids.shuffle(&mut self.random);
        ids.truncate(self.random.random_range(1..=3));
        let mut transactions = Vec::new();
        for (is_pending, index) in ids {
            let id = format!("shared_{}{index}", if is_pending { "p" } else { "q" });
            let sent = transaction(&mut self.random, &id, account_id);
            let named = self.random.random_range(0..=SHARED_PAIRS);
            let is_late_copy = !is_pending && self.random.random_bool(0.2);
            transactions.push(if is_pending || is_late_copy {
                with(sent, "pending", json!(true))
            } else if named < SHARED_PAIRS {
                with(sent, NAMED, json!(format!("shared_p{named}")))
            } else {
                sent
            });
        }
        let removed = if self.random.random_bool(0.3) { transactions.pop() } else { None };
        let removed = removed.as_ref().and_then(|it| it.get("transaction_id")?.as_str());
        let removed: Vec<_> = removed.map(|id| removal(id, None)).into_iter().collect();
        let accounts = [account_id.to_owned()];
        let request = self.request_with_removals(&accounts, &transactions, &removed);
        self.send(request).await;
    }
}
