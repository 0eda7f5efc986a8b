//! Compares removals with the database: which transactions are removed, and how many were known.

use std::collections::BTreeMap;

use tokio::time::Instant;
use tributary_domain::Transaction;

use super::{Audit, lasting};
use crate::ledger::{Deletion, Entry};

/// The time between the first request and the first response: the commit is in it.
#[derive(Clone, Copy)]
struct Interval {
    first_sent: Instant,
    responded: Instant,
}

impl From<&Entry> for Interval {
    fn from(entry: &Entry) -> Self {
        Self { first_sent: entry.first_sent, responded: entry.responded }
    }
}

impl From<&Deletion> for Interval {
    fn from(deletion: &Deletion) -> Self {
        Self { first_sent: deletion.first_sent, responded: deletion.responded }
    }
}

/// Whether a transaction was stored when a removal of it was committed.
#[derive(PartialEq, Eq)]
enum Known {
    Surely,
    Perhaps,
    Never,
}

/// The entries that contain a transaction.
type Sent<'l> = [(&'l Entry, &'l Transaction)];

pub fn findings(entries: &[Entry], deletions: &[Deletion], audit: &Audit<'_>) -> Vec<String> {
    let sent_of = |id: &str| -> &Sent<'_> {
        audit.index.transactions.get(id).map(Vec::as_slice).unwrap_or_default()
    };
    let mut findings = Vec::new();
    let mut removals: BTreeMap<&str, Vec<Interval>> = BTreeMap::new();
    for entry in entries {
        let removed = &entry.content.removals;
        let (mut surely, mut never) = (0, 0);
        for removal in removed {
            let id = removal.transaction_id.as_str();
            removals.entry(id).or_default().push(entry.into());
            match known(sent_of(id), entry.into()) {
                Known::Surely => surely += 1,
                Known::Never => never += 1,
                Known::Perhaps => {}
            }
        }
        let total = i32::try_from(removed.len()).unwrap_or(i32::MAX);
        let accepted = entry.accepted;
        let may_be_removed = surely..=total - never;
        if accepted.removed + accepted.removed_unknown != total
            || !may_be_removed.contains(&accepted.removed)
        {
            findings.push(format!(
                "request {}: {} removed and {} unknown, of {total} with {surely} surely stored \
                 and {never} never",
                entry.key, accepted.removed, accepted.removed_unknown
            ));
        }
    }
    for deletion in deletions {
        let id = deletion.transaction_id.as_str();
        let expected = if deletion.is_found { Known::Never } else { Known::Surely };
        if known(sent_of(id), deletion.into()) == expected {
            let answer = if deletion.is_found { "found" } else { "not found" };
            findings.push(format!("DELETE {id}: {answer}, against the order of requests"));
        }
        if deletion.is_found {
            removals.entry(id).or_default().push(deletion.into());
        }
    }
    for row in &audit.stored.transactions {
        let id = row.transaction_id.as_str();
        let removals = removals.get(id).map(Vec::as_slice).unwrap_or_default();
        let is_removed = row.removed_at.is_some();
        if !may_be_removed(sent_of(id), removals).contains(&is_removed) {
            let state = if is_removed { "removed" } else { "not removed" };
            findings.push(format!("transaction {id}: {state}, against the order of requests"));
        }
    }
    findings
}

fn known(sent: &Sent<'_>, removal: Interval) -> Known {
    if sent.iter().any(|(entry, _)| entry.responded < removal.first_sent) {
        Known::Surely
    } else if sent.iter().all(|(entry, _)| removal.responded < entry.first_sent) {
        Known::Never
    } else {
        Known::Perhaps
    }
}

/// The possible answers to whether a transaction is removed in the end: what each request says that
/// may have been the last.
fn may_be_removed(sent: &Sent<'_>, removals: &[Interval]) -> Vec<bool> {
    let brought = lasting(sent).into_iter().map(|(entry, _)| (Interval::from(entry), false));
    let all: Vec<_> = brought.chain(removals.iter().map(|removal| (*removal, true))).collect();
    let latest = all.iter().map(|(interval, _)| interval.first_sent).max();
    all.into_iter()
        .filter(|(interval, _)| latest.is_none_or(|latest| interval.responded >= latest))
        .map(|(_, is_removed)| is_removed)
        .collect()
}
