//! Generates pages as Plaid's `/transactions/sync` responds with, for one account. Equal seeds
//! generate equal pages on the same day. As in Plaid's sandbox, pending transactions post under
//! another id, change, or vanish on a later page; positive amounts are money out.

mod page;

use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::batch_maker::{BatchMaker, CHECK, TEMPLATES, TRANSACTIONS_DEFAULT, Template};

/// The length of Plaid's ids.
const ID_LENGTH: usize = 37;
/// The characters of Plaid's ids: those that look alike are missing.
const ID_CHARACTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789";

/// What happens to a pending transaction on a page.
enum Event {
    Posts,
    Changes,
    Vanishes,
    Stays,
}

/// A transaction that a later page may change.
#[derive(Clone)]
struct Sent {
    id: String,
    template: &'static Template,
    /// Positive is money out.
    cents: i64,
    date: NaiveDate,
    hour: u32,
    pending_transaction_id: Option<String>,
    is_pending: bool,
}

/// The arrays of a page.
#[derive(Default)]
struct Changes {
    added: Vec<Value>,
    modified: Vec<Value>,
    removed: Vec<Value>,
}

/// Generates consecutive pages.
pub struct PlaidMaker {
    random: StdRng,
    seed: u64,
    transactions: Option<u32>,
    today: NaiveDate,
    account_id: String,
    pending: Vec<Sent>,
    posted: Vec<Sent>,
    pages_made: u32,
}

impl PlaidMaker {
    /// Pages for a seed. `transactions` is the number of new ones on each page; the default is 10
    /// to 15.
    pub fn new(seed: u64, transactions: Option<u32>, today: NaiveDate) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let account_id = id(&mut random);
        let (pending, posted) = (Vec::new(), Vec::new());
        Self { random, seed, transactions, today, account_id, pending, posted, pages_made: 0 }
    }

    /// The account of all pages.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The next page: what happened to earlier transactions, and new ones.
    pub fn next_page(&mut self) -> Value {
        let mut changes = Changes::default();
        for pending in std::mem::take(&mut self.pending) {
            self.continue_pending(pending, &mut changes);
        }
        self.correct_posted(&mut changes);
        let count = match self.transactions {
            Some(count) => count,
            None => self.random.random_range(TRANSACTIONS_DEFAULT),
        };
        for _ in 0..count {
            let new = self.new_transaction();
            changes.added.push(page::transaction(&self.account_id, &new));
            if new.is_pending { &mut self.pending } else { &mut self.posted }.push(new);
        }
        self.pages_made += 1;
        let cents: i64 = self.pending.iter().chain(&self.posted).map(|sent| sent.cents).sum();
        json!({
            "accounts": [page::account(&self.account_id, self.seed, 10_000_000 - cents)],
            "added": changes.added,
            "modified": changes.modified,
            "removed": changes.removed,
            "next_cursor": format!("sim_{}_{}", self.seed, self.pages_made),
            "has_more": false,
            "request_id": format!("sim{:012}", self.random.random_range(0..1_000_000_000_000_u64)),
            "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE",
        })
    }

    fn new_transaction(&mut self) -> Sent {
        let is_pending = self.random.random_ratio(2, 5);
        // A pending one is a few days old, so that it can post until today.
        let days_back = if is_pending { 1..=4 } else { 0..=BatchMaker::DAYS_BACK_MAX };
        let template = TEMPLATES.choose(&mut self.random).unwrap_or(&CHECK);
        Sent {
            id: id(&mut self.random),
            template,
            cents: -self.random.random_range(template.cents.clone()),
            date: self.today - Days::new(self.random.random_range(days_back)),
            hour: self.random.random_range(0..24),
            pending_transaction_id: None,
            is_pending,
        }
    }

    fn continue_pending(&mut self, mut pending: Sent, changes: &mut Changes) {
        let event = match self.random.random_range(0..10) {
            0..6 => Event::Posts,
            6..8 => Event::Changes,
            8 => Event::Vanishes,
            _ => Event::Stays,
        };
        match event {
            Event::Posts => {
                let has_tip = self.random.random_bool(0.5);
                let posted = Sent {
                    id: id(&mut self.random),
                    cents: if has_tip { self.changed(pending.cents) } else { pending.cents },
                    date: pending.date + Days::new(self.random.random_range(0..=1)),
                    is_pending: false,
                    pending_transaction_id: Some(pending.id.clone()),
                    ..pending.clone()
                };
                changes.removed.push(self.removal(&pending.id));
                changes.added.push(page::transaction(&self.account_id, &posted));
                self.posted.push(posted);
            }
            Event::Changes => {
                pending.cents = self.changed(pending.cents);
                changes.modified.push(page::transaction(&self.account_id, &pending));
                self.pending.push(pending);
            }
            Event::Vanishes => changes.removed.push(self.removal(&pending.id)),
            Event::Stays => self.pending.push(pending),
        }
    }

    /// Changes the amount of one posted transaction of an earlier page, now and then.
    fn correct_posted(&mut self, changes: &mut Changes) {
        if self.posted.is_empty() || self.random.random_bool(0.5) {
            return;
        }
        let index = self.random.random_range(0..self.posted.len());
        let Some(mut corrected) = self.posted.get(index).cloned() else { return };
        let id = json!(corrected.id);
        let is_new = changes.added.iter().any(|added| added.get("transaction_id") == Some(&id));
        if is_new {
            return;
        }
        corrected.cents = self.changed(corrected.cents);
        changes.modified.push(page::transaction(&self.account_id, &corrected));
        if let Some(posted) = self.posted.get_mut(index) {
            *posted = corrected;
        }
    }

    /// Another amount: with a tip, say.
    fn changed(&mut self, cents: i64) -> i64 {
        let more = self.random.random_range(1..=500);
        if cents > 0 { cents + more } else { cents - more }
    }

    fn removal(&self, transaction_id: &str) -> Value {
        json!({"transaction_id": transaction_id, "account_id": self.account_id})
    }
}

fn id(random: &mut StdRng) -> String {
    let character = |_| char::from(*ID_CHARACTERS.choose(random).unwrap_or(&b'A'));
    (0..ID_LENGTH).map(character).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rust_decimal::Decimal;

    use super::*;
    use tributary_domain::{Format, IngestRequest, Transaction};

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();

    fn made(seed: u64, transactions: Option<u32>) -> Vec<Value> {
        let mut maker = PlaidMaker::new(seed, transactions, TODAY);
        (0..5).map(|_| maker.next_page()).collect()
    }

    fn parsed(page: &Value) -> IngestRequest {
        let now = TODAY.and_time(chrono::NaiveTime::MIN).and_utc();
        IngestRequest::parse(page.to_string().as_bytes(), Format::Plaid, now).unwrap()
    }

    fn ids(transactions: &[Transaction]) -> BTreeSet<String> {
        transactions.iter().map(|it| it.transaction_id.clone()).collect()
    }

    #[test]
    fn pending_transactions_post_under_another_id_change_and_vanish() {
        let (mut posted, mut changed, mut vanished) = (0, 0, 0);
        for seed in 0..20 {
            let mut pending = BTreeSet::new();
            for page in made(seed, None) {
                let request = parsed(&page);
                // A posted one that is corrected later names it again.
                let named: BTreeSet<_> = request
                    .transactions
                    .iter()
                    .filter_map(|it| it.pending_transaction_id.clone())
                    .filter(|id| pending.contains(id))
                    .collect();
                let removed: BTreeSet<_> =
                    request.removals.iter().map(|it| it.transaction_id.clone()).collect();
                assert!(named.is_subset(&removed) && removed.is_subset(&pending), "seed {seed}");
                posted += named.len();
                vanished += removed.difference(&named).count();
                let sent = ids(&request.transactions);
                changed += sent.intersection(&pending).count();
                let is_pending = request.transactions.iter().filter(|it| it.is_pending);
                pending.extend(is_pending.map(|it| it.transaction_id.clone()));
                pending.retain(|id| !removed.contains(id));
            }
        }
        assert!(posted > 0 && changed > 0 && vanished > 0, "{posted} {changed} {vanished}");
    }

    #[test]
    fn positive_amounts_are_money_out_and_exact() {
        let page = made(3, Some(500)).remove(0);
        let request = parsed(&page);
        assert_eq!(request.transactions.len(), 500);
        for (sent, parsed) in page["added"].as_array().unwrap().iter().zip(&request.transactions) {
            let amount: Decimal = sent["amount"].to_string().parse().unwrap();
            assert_eq!(amount, -parsed.money.amount());
            let is_income = matches!(parsed.merchant_name.as_deref(), Some("Stripe" | "PayPal"));
            assert_eq!(parsed.money.amount().is_sign_positive(), is_income);
            assert!(parsed.bank_category.is_some());
        }
        assert!(request.accounts.iter().all(|account| account.balances.is_some()));
    }

    #[test]
    fn equal_seeds_generate_equal_pages() {
        assert_eq!(made(7, None), made(7, None));
        assert_ne!(made(7, None), made(8, None));
    }
}
