//! Compares the clients' ledger with the database, row by row.

mod content;
mod removals;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tributary_domain::categorise::{Input, RuleCategorizer};
use tributary_domain::{Account, Transaction};
use tributary_store::check::stored::{
    self, StoredAccount, StoredBatch, StoredRevision, StoredTransaction,
};
use tributary_store::{Store, StoreError};
use uuid::Uuid;

use crate::ledger::{Deletion, Entry};
use crate::request::DEADLY;

/// The reason of a transaction that kills its workers.
const ATTEMPTS_REACHED: &str = "the maximum number of attempts was reached";

/// The contents of the database.
pub struct Stored {
    pub batches: Vec<StoredBatch>,
    pub transactions: Vec<StoredTransaction>,
    pub revisions: Vec<StoredRevision>,
    pub accounts: Vec<StoredAccount>,
}

impl Stored {
    /// Reads all tables.
    pub async fn read(store: &Store) -> Result<Self, StoreError> {
        let mut tx = store.begin_for_all().await?;
        tributary_store::check::begin_snapshot(&mut tx).await?;
        Ok(Self {
            batches: stored::batches(&mut tx).await?,
            transactions: stored::transactions(&mut tx).await?,
            revisions: stored::revisions(&mut tx).await?,
            accounts: stored::accounts(&mut tx).await?,
        })
    }
}

/// Lists the differences, a sentence each. No work may be in progress.
pub fn compare(entries: &[Entry], deletions: &[Deletion], stored: &Stored) -> Vec<String> {
    let audit = Audit { stored, index: Index::of(entries) };
    let parts = [
        audit.batches(entries),
        audit.accounts(),
        audit.transactions(),
        audit.histories(),
        audit.totals(),
        removals::findings(entries, deletions, &audit),
    ];
    parts.concat()
}

/// The ledger, indexed.
struct Index<'l> {
    by_batch: HashMap<Uuid, &'l Entry>,
    /// Each transaction sent, with every entry that contains it.
    transactions: BTreeMap<&'l str, Vec<(&'l Entry, &'l Transaction)>>,
    accounts: BTreeMap<&'l str, Vec<(&'l Entry, &'l Account)>>,
}

impl<'l> Index<'l> {
    fn of(entries: &'l [Entry]) -> Self {
        let mut index = Self {
            by_batch: HashMap::new(),
            transactions: BTreeMap::new(),
            accounts: BTreeMap::new(),
        };
        for entry in entries {
            index.by_batch.insert(entry.accepted.batch_id, entry);
            for sent in &entry.content.transactions {
                index.transactions.entry(&sent.transaction_id).or_default().push((entry, sent));
            }
            for account in &entry.content.accounts {
                index.accounts.entry(&account.account_id).or_default().push((entry, account));
            }
        }
        index
    }
}

/// The candidates for the last content: all except those whose response preceded another's request.
fn last_candidates<'l, T>(sent: &[(&'l Entry, &'l T)]) -> Vec<&'l T> {
    let latest = sent.iter().map(|(entry, _)| entry.first_sent).max();
    sent.iter()
        .filter(|(entry, _)| latest.is_none_or(|latest| entry.responded >= latest))
        .map(|(_, content)| *content)
        .collect()
}

/// The contents that a transaction can have in the end: once it is posted, pending copies of it
/// change nothing.
fn lasting<'l>(sent: &[(&'l Entry, &'l Transaction)]) -> Vec<(&'l Entry, &'l Transaction)> {
    let is_posted = sent.iter().any(|(_, content)| !content.is_pending);
    sent.iter().filter(|(_, content)| !(is_posted && content.is_pending)).copied().collect()
}

struct Audit<'a> {
    stored: &'a Stored,
    index: Index<'a>,
}

impl Audit<'_> {
    fn batches(&self, entries: &[Entry]) -> Vec<String> {
        let mut findings = Vec::new();
        let by_id: HashMap<_, _> =
            self.stored.batches.iter().map(|batch| (batch.batch_id, batch)).collect();
        if self.index.by_batch.len() != entries.len() {
            findings.push("two requests with different keys became one batch".to_owned());
        }
        for entry in entries {
            let (key, accepted, id) = (&entry.key, entry.accepted, entry.accepted.batch_id);
            let Some(batch) = by_id.get(&id) else {
                findings.push(format!("request {key}: batch {id} is missing"));
                continue;
            };
            let sent = entry.content.transactions.iter().map(|it| it.transaction_id.as_str());
            let counts = [
                (batch.inserted, accepted.inserted),
                (batch.updated, accepted.updated),
                (batch.unchanged, accepted.unchanged),
                (batch.removed, accepted.removed),
                (batch.removed_unknown, accepted.removed_unknown),
            ];
            if !sent.eq(batch.transaction_ids.iter().map(String::as_str)) {
                findings.push(format!("batch {id}: its transactions are not those sent"));
            }
            if counts.iter().any(|(stored, answered)| stored != answered) {
                findings.push(format!("batch {id}: counts {counts:?} differ from the response"));
            }
            if batch.idempotency_key.as_ref() != Some(key) {
                findings.push(format!("batch {id}: its idempotency key is not {key}"));
            }
        }
        for batch in &self.stored.batches {
            if !self.index.by_batch.contains_key(&batch.batch_id) {
                findings.push(format!("batch {}: no response named it", batch.batch_id));
            }
        }
        findings
    }

    fn accounts(&self) -> Vec<String> {
        let mut findings = Vec::new();
        for account in &self.stored.accounts {
            let id = &account.account_id;
            let Some(sent) = self.index.accounts.get(id.as_str()) else {
                findings.push(format!("account {id}: stored by a rejected request"));
                continue;
            };
            if !last_candidates(sent).iter().any(|last| last.name == account.name) {
                findings.push(format!("account {id}: its name is not the last one sent"));
            }
        }
        findings
    }

    fn transactions(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let stored: BTreeSet<_> =
            self.stored.transactions.iter().map(|row| row.transaction_id.as_str()).collect();
        let missing = self.index.transactions.keys().filter(|id| !stored.contains(*id));
        findings.extend(missing.map(|id| format!("transaction {id}: it is missing")));
        let rules = RuleCategorizer::new();
        for row in &self.stored.transactions {
            let id = &row.transaction_id;
            let Some(sent) = self.index.transactions.get(id.as_str()) else {
                findings.push(format!("transaction {id}: stored by a rejected request"));
                continue;
            };
            if !last_candidates(&lasting(sent)).iter().any(|last| content::is_of(row, last)) {
                findings.push(format!("transaction {id}: its content is not the last one sent"));
            }
            let owner = sent.iter().find(|(entry, _)| entry.accepted.batch_id == row.batch_id);
            if !owner.is_some_and(|(_, sent)| content::is_of(row, sent)) {
                let batch_id = row.batch_id;
                findings.push(format!("transaction {id}: not the content of batch {batch_id}"));
            }
            if row.description == DEADLY {
                let reason = row.failure_reason.as_deref();
                if (row.status.as_str(), reason) != ("failed", Some(ATTEMPTS_REACHED)) {
                    findings.push(format!("transaction {id}: {} {reason:?}", row.status));
                }
            } else if row.status != "completed" {
                findings.push(format!("transaction {id}: {} {:?}", row.status, row.failure_reason));
            } else if !is_categorised(row, &rules) {
                findings.push(format!("transaction {id}: its category differs from the rules"));
            }
        }
        findings
    }

    /// Each revision has the content that its batch sent, and the order of revisions matches the
    /// order of non-overlapping requests.
    fn histories(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let mut owners: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
        for revision in &self.stored.revisions {
            let (id, batch_id) = (revision.transaction_id.as_str(), revision.batch_id);
            owners.entry(id).or_default().push(batch_id);
            let sent = self.index.transactions.get(id).into_iter().flatten();
            let mut of_batch = sent.filter(|(entry, _)| entry.accepted.batch_id == batch_id);
            if !of_batch.any(|(_, sent)| content::is_of_revision(revision, sent)) {
                let number = revision.revision;
                findings.push(format!("transaction {id}: revision {number} was not sent"));
            }
        }
        for row in &self.stored.transactions {
            if let Some(history) = owners.get_mut(row.transaction_id.as_str()) {
                history.push(row.batch_id);
            }
        }
        for (id, history) in owners {
            let entries: Vec<_> =
                history.iter().filter_map(|batch| self.index.by_batch.get(batch)).collect();
            let is_reversed = entries.iter().enumerate().any(|(index, later)| {
                entries.iter().take(index).any(|earlier| later.responded < earlier.first_sent)
            });
            if is_reversed {
                findings.push(format!("transaction {id}: its history is not in request order"));
            }
        }
        findings
    }

    /// The batches' counts add up to the numbers of rows and revisions.
    fn totals(&self) -> Vec<String> {
        let mut findings = Vec::new();
        let sum = |count: fn(&StoredBatch) -> i32| {
            self.stored.batches.iter().map(|batch| i64::from(count(batch))).sum::<i64>()
        };
        let (inserted, updated) = (sum(|batch| batch.inserted), sum(|batch| batch.updated));
        let (rows, revisions) = (self.stored.transactions.len(), self.stored.revisions.len());
        if i64::try_from(rows) != Ok(inserted) {
            findings.push(format!("{inserted} transactions were inserted, {rows} are stored"));
        }
        if i64::try_from(revisions) != Ok(updated) {
            findings.push(format!(
                "{updated} transactions were updated, {revisions} revisions are stored"
            ));
        }
        findings
    }
}

fn is_categorised(row: &StoredTransaction, rules: &RuleCategorizer) -> bool {
    let decided = rules.decide(Input {
        merchant_name: row.merchant_name.as_deref(),
        description: &row.description,
        merchant_category_code: row.merchant_category_code.as_deref(),
        bank_category: row.bank_category.as_deref(),
        is_income: row.amount > rust_decimal::Decimal::ZERO,
    });
    let stored = [&row.category, &row.primary_code, &row.detailed_code, &row.confidence, &row.rule];
    let decided: [&str; 5] = [
        decided.category.as_str(),
        &decided.primary_code,
        &decided.detailed_code,
        decided.confidence.as_str(),
        &decided.rule,
    ];
    stored.iter().map(|text| text.as_deref()).eq(decided.map(Some))
}

#[cfg(test)]
mod tests;
