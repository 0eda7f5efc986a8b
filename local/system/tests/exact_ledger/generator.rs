//! Generates batches from what a ledger knows: new transactions and pairs, changes, copies,
//! postings, removals and returns, in any mixture.

use std::collections::HashSet;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom, SliceRandom};

use crate::content::{Content, Format};
use crate::ledger::{Batch, Ledger, Row};

/// Generates the batches of one task, with ids of its own.
pub struct Generator {
    name: String,
    pub accounts: Vec<String>,
    next_id: u32,
    /// Pending transactions whose posted ones were sent first.
    late: Vec<(String, Content)>,
}

/// A batch while it is generated: each id appears once.
struct Draft {
    batch: Batch,
    ids: HashSet<String>,
}

impl Draft {
    fn new(format: Format) -> Self {
        let (transactions, removals, unknown_accounts) = (Vec::new(), Vec::new(), Vec::new());
        let batch = Batch { format, transactions, removals, unknown_accounts };
        Self { batch, ids: HashSet::new() }
    }

    fn bring(&mut self, id: String, content: Content) {
        if self.ids.insert(id.clone()) {
            let content = content.in_format(self.batch.format);
            self.batch.transactions.push((id, content));
        }
    }

    fn remove(&mut self, id: String, account: Option<String>) {
        if self.ids.insert(id.clone()) {
            self.batch.removals.push((id, account));
        }
    }

    fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

impl Generator {
    pub fn new(name: &str, accounts: Vec<String>) -> Self {
        Self { name: name.to_owned(), accounts, next_id: 0, late: Vec::new() }
    }

    fn new_id(&mut self) -> String {
        self.next_id += 1;
        format!("{}/é {:06}", self.name, self.next_id)
    }

    fn new_content(&self, random: &mut StdRng) -> Content {
        let account = self.accounts.choose(random).unwrap();
        Content::random(random, account)
    }

    /// The id of a known transaction, or a new one.
    pub fn any_id(&mut self, random: &mut StdRng, ledger: &Ledger) -> String {
        if random.random_bool(0.1) {
            return self.new_id();
        }
        pick(random, ledger, |_| true).map_or_else(|| self.new_id(), |(id, _)| id)
    }

    /// A batch that is usually valid. One in sixty has up to three hundred transactions.
    pub fn batch(&mut self, random: &mut StdRng, ledger: &Ledger) -> Batch {
        let format = if random.random_bool(0.5) { Format::Plain } else { Format::Plaid };
        let mut draft = Draft::new(format);
        let count = random.random_range(1..=10);
        for _ in 0..count {
            self.add(random, ledger, &mut draft);
        }
        if draft.is_empty() || random.random_ratio(1, 60) {
            for _ in 0..random.random_range(1..300) {
                draft.bring(self.new_id(), self.new_content(random));
            }
        }
        draft.batch.transactions.shuffle(random);
        draft.batch
    }

    fn add(&mut self, random: &mut StdRng, ledger: &Ledger, draft: &mut Draft) {
        match random.random_range(0..20) {
            0..4 => draft.bring(self.new_id(), self.new_content(random)),
            4..6 => {
                let pending = Content { is_pending: true, ..self.new_content(random) };
                draft.bring(self.new_id(), pending);
            }
            6..9 => {
                if let Some((id, row)) = pick(random, ledger, |_| true) {
                    let mut content = row.content.clone();
                    content.change(random);
                    draft.bring(id, content);
                }
            }
            9..11 => {
                // A copy, which brings a removed one back. A plain date of the same day may stand
                // for its time.
                if let Some((id, row)) = pick(random, ledger, |_| true) {
                    let time = row.content.time.filter(|_| random.random_bool(0.7));
                    draft.bring(id, Content { time, ..row.content.clone() });
                }
            }
            11 => {
                let is_removed = |row: &Row| row.is_removed;
                if let Some((id, row)) = pick(random, ledger, is_removed) {
                    draft.bring(id, row.content.clone());
                }
            }
            12 => {
                // Posted under the same id.
                if let Some((id, row)) = pick(random, ledger, |row| row.content.is_pending) {
                    draft.bring(id, self.posted(random, row, None));
                }
            }
            13..15 => self.add_posted(random, ledger, draft),
            15 => self.add_posted_first(random, draft),
            16 => {
                // A late pending copy of a posted one.
                if let Some((id, row)) = pick(random, ledger, |row| !row.content.is_pending) {
                    let mut content = row.content.clone();
                    content.amount = content.amount.changed(random);
                    draft.bring(id, Content { is_pending: true, named: None, ..content });
                }
            }
            17 => {
                // A posted one that names another pending one, or none.
                if let Some((id, row)) = pick(random, ledger, |row| row.content.named.is_some()) {
                    let named = pick(random, ledger, |row| row.content.is_pending);
                    let named = named.map(|(id, _)| id).filter(|named| *named != id);
                    draft.bring(id, Content { named, ..row.content.clone() });
                }
            }
            _ => {
                let known = pick(random, ledger, |_| true).filter(|_| random.random_bool(0.8));
                let (id, account) = match known {
                    Some((id, row)) => (id, Some(row.content.account.clone())),
                    None => (self.new_id(), self.accounts.first().cloned()),
                };
                draft.remove(id, account.filter(|_| random.random_bool(0.5)));
            }
        }
    }

    /// The posted transaction of a pending one, with another amount now and then.
    fn posted(&self, random: &mut StdRng, pending: &Row, named: Option<String>) -> Content {
        let mut content = Content { is_pending: false, named, ..pending.content.clone() };
        if random.random_bool(0.5) {
            content.amount = content.amount.changed(random);
        }
        if random.random_bool(0.1) {
            // Of another account: it replaces nothing.
            content.account.clone_from(self.accounts.choose(random).unwrap());
        }
        if content.named.is_none() {
            content.account.clone_from(&pending.content.account);
        }
        content
    }

    /// Posts a pending one under a new id. As at Plaid, the pending one may be removed with it.
    fn add_posted(&mut self, random: &mut StdRng, ledger: &Ledger, draft: &mut Draft) {
        let Some((pending_id, row)) = pick(random, ledger, |row| row.content.is_pending) else {
            return;
        };
        let content = self.posted(random, row, Some(pending_id.clone()));
        draft.bring(self.new_id(), content);
        if random.random_bool(0.6) {
            let account = random.random_bool(0.5).then(|| row.content.account.clone());
            draft.remove(pending_id, account);
        }
    }

    /// Sends a posted one before the pending one that it names, and later that one.
    fn add_posted_first(&mut self, random: &mut StdRng, draft: &mut Draft) {
        if let Some((id, pending)) = self.late.pop() {
            return draft.bring(id, pending);
        }
        let pending_id = self.new_id();
        let pending = Content { is_pending: true, ..self.new_content(random) };
        let posted =
            Content { is_pending: false, named: Some(pending_id.clone()), ..pending.clone() };
        draft.bring(self.new_id(), posted);
        self.late.push((pending_id, pending));
    }

    /// A batch that is rejected as a whole, and leaves no trace.
    pub fn rejected(&mut self, random: &mut StdRng, ledger: &Ledger) -> Option<Batch> {
        let mut draft = Draft::new(Format::Plain);
        draft.bring(self.new_id(), self.new_content(random));
        let (id, row) = pick(random, ledger, |row| !row.content.is_pending && !row.is_removed)?;
        let other = self.accounts.iter().find(|it| **it != row.content.account).cloned();
        match random.random_range(0..4) {
            0 => {
                let account = format!("unknown {}", self.name);
                draft.bring(self.new_id(), Content::random(random, &account));
                draft.batch.unknown_accounts.push(account);
            }
            1 => draft.bring(id, Content { account: other?, ..row.content.clone() }),
            2 => draft.remove(id, Some(other?)),
            _ => {
                let mut reused = row.content.clone();
                let is_early = reused.day < crate::content::FIRST_DAY + chrono::Days::new(20);
                let days = chrono::Days::new(8);
                reused.day = if is_early { reused.day + days } else { reused.day - days };
                reused.time = None;
                reused.amount = reused.amount.changed(random);
                reused.name = "Another purchase".to_owned();
                reused.merchant = None;
                draft.bring(id, reused);
            }
        }
        Some(draft.batch)
    }
}

/// A random row that matches.
fn pick<'l>(
    random: &mut StdRng,
    ledger: &'l Ledger,
    matches: impl Fn(&Row) -> bool,
) -> Option<(String, &'l Row)> {
    let rows = ledger.rows.iter().filter(|(_, row)| matches(row));
    rows.choose(random).map(|(id, row)| (id.clone(), row))
}
