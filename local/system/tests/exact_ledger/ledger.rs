//! The ledger: the rules of the API, applied to rows in memory.

use std::collections::BTreeMap;

use crate::content::{Content, Format};

/// Transactions and removals that are sent together, by id.
#[derive(Clone, Debug)]
pub struct Batch {
    pub format: Format,
    pub transactions: Vec<(String, Content)>,
    /// Each with its account, if the body says it.
    pub removals: Vec<(String, Option<String>)>,
    /// Accounts that the body must not describe, because they must stay unknown.
    pub unknown_accounts: Vec<String>,
}

/// The counts of a 202.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub removed: i64,
    pub removed_unknown: i64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.removed_unknown += other.removed_unknown;
    }
}

/// Why a batch is rejected as a whole: a code of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    UnknownAccount,
    OtherAccount,
    ReusedId,
}

impl Rejection {
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown-account",
            Self::OtherAccount => "other-account",
            Self::ReusedId => "reused-id",
        }
    }
}

/// A known transaction.
#[derive(Clone, Debug)]
pub struct Row {
    pub content: Content,
    pub is_removed: bool,
    /// The earlier contents, each with whether it was removed, the oldest first.
    pub history: Vec<(Content, bool)>,
}

impl Row {
    /// The content after a batch brings the transaction: a plain date on the same day does not take
    /// the time away.
    fn after(&self, mut sent: Content) -> Content {
        if sent.day == self.content.day {
            sent.time = sent.time.or(self.content.time);
        }
        sent
    }

    /// A posted row does not become pending again.
    fn is_changed_by(&self, sent: &Content) -> bool {
        (self.content.is_pending || !sent.is_pending)
            && (self.is_removed || self.after(sent.clone()) != self.content)
    }

    /// Whether the content is of another transaction than the posted one; a pending copy never is.
    fn is_reused_by(&self, sent: &Content) -> bool {
        let known = &self.content;
        let has_same_merchant = known.merchant.is_some() && known.merchant == sent.merchant;
        !known.is_pending
            && !sent.is_pending
            && !self.is_removed
            && (known.day - sent.day).num_days().abs() > 7
            && known.amount.value() != sent.amount.value()
            && known.name != sent.name
            && !has_same_merchant
    }
}

/// All known transactions of one task.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub rows: BTreeMap<String, Row>,
}

impl Ledger {
    /// Applies a batch as a whole, or not at all.
    pub fn apply(&mut self, batch: &Batch) -> Result<Counts, Rejection> {
        if batch.transactions.iter().any(|(_, it)| batch.unknown_accounts.contains(&it.account)) {
            return Err(Rejection::UnknownAccount);
        }
        let is_of_other = |id: &String, account: &str| {
            self.rows.get(id).is_some_and(|row| row.content.account != account)
        };
        if batch.transactions.iter().any(|(id, sent)| is_of_other(id, &sent.account))
            || batch.removals.iter().any(|(id, account)| {
                account.as_ref().is_some_and(|account| is_of_other(id, account))
            })
        {
            return Err(Rejection::OtherAccount);
        }
        let is_reused =
            |id: &String, sent| self.rows.get(id).is_some_and(|it| it.is_reused_by(sent));
        if batch.transactions.iter().any(|(id, sent)| is_reused(id, sent)) {
            return Err(Rejection::ReusedId);
        }
        let mut counts = Counts::default();
        for (id, sent) in &batch.transactions {
            match self.rows.get_mut(id) {
                None => {
                    let row = Row { content: sent.clone(), is_removed: false, history: Vec::new() };
                    self.rows.insert(id.clone(), row);
                    counts.inserted += 1;
                }
                Some(row) if row.is_changed_by(sent) => {
                    row.history.push((row.content.clone(), row.is_removed));
                    row.content = row.after(sent.clone());
                    row.is_removed = false;
                    counts.updated += 1;
                }
                Some(_) => counts.unchanged += 1,
            }
        }
        for (id, _) in &batch.removals {
            match self.rows.get_mut(id) {
                None => counts.removed_unknown += 1,
                Some(row) => {
                    row.is_removed = true;
                    counts.removed += 1;
                }
            }
        }
        Ok(counts)
    }

    /// Removes one transaction. Returns whether the account has it.
    pub fn delete(&mut self, account: &str, id: &str) -> bool {
        let row = self.rows.get_mut(id).filter(|row| row.content.account == account);
        row.map(|row| row.is_removed = true).is_some()
    }
}

/// The posted transaction that replaces each pending one: the first of its account that names it.
/// A removed one replaces it too.
pub fn replacements<'r>(rows: &BTreeMap<&'r str, &'r Row>) -> BTreeMap<&'r str, &'r str> {
    let mut replacements = BTreeMap::new();
    for (id, row) in rows {
        let named = row.content.named.as_deref().and_then(|named| rows.get_key_value(named));
        if let Some((pending_id, pending)) = named
            && pending.content.is_pending
            && pending.content.account == row.content.account
        {
            replacements.entry(*pending_id).or_insert(*id);
        }
    }
    replacements
}
