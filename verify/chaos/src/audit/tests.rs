//! The audit finds each defect that it checks for.

use std::time::Duration;

use chrono::Utc;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::time::Instant;
use tributary_domain::categorise::rules_version;
use tributary_domain::{Format, IngestRequest};

use super::*;
use crate::ledger::Accepted;
use crate::request::{Request, account, transaction};

/// Two consecutive batches with one transaction, with the ledger and the database.
struct Case {
    entries: Vec<Entry>,
    deletions: Vec<Deletion>,
    stored: Stored,
}

/// A batch with its own content, sent and accepted in the given seconds.
fn entry(number: u8, seconds: std::ops::Range<u64>, (inserted, updated): (i32, i32)) -> Entry {
    let transactions = [transaction(&mut StdRng::seed_from_u64(u64::from(number)), "tx", "acc")];
    let key = format!("key{number}");
    let request = Request::new(
        key.clone(),
        true,
        &[account("acc", &format!("Name {number}"))],
        &transactions,
        &[],
    );
    let start = Instant::now();
    Entry {
        key,
        content: IngestRequest::parse(request.body.as_bytes(), Format::Plain, Utc::now()).unwrap(),
        first_sent: start + Duration::from_secs(seconds.start),
        responded: start + Duration::from_secs(seconds.end),
        accepted: Accepted {
            batch_id: Uuid::from_u128(u128::from(number)),
            total_transactions: 1,
            inserted,
            updated,
            unchanged: 0,
            removed: 0,
            removed_unknown: 0,
        },
    }
}

fn batch(entry: &Entry) -> StoredBatch {
    StoredBatch {
        batch_id: entry.accepted.batch_id,
        idempotency_key: Some(entry.key.clone()),
        transaction_ids: vec!["tx".to_owned()],
        inserted: entry.accepted.inserted,
        updated: entry.accepted.updated,
        unchanged: 0,
        removed: entry.accepted.removed,
        removed_unknown: entry.accepted.removed_unknown,
    }
}

fn row(entry: &Entry) -> StoredTransaction {
    let sent = entry.content.transactions[0].clone();
    let decided = RuleCategorizer::new().decide(Input {
        merchant_name: sent.merchant_name.as_deref(),
        description: &sent.description,
        merchant_category_code: sent.merchant_category_code.as_deref(),
        bank_category: None,
        is_income: sent.money.amount() > rust_decimal::Decimal::ZERO,
    });
    StoredTransaction {
        transaction_id: sent.transaction_id,
        account_id: sent.account_id,
        batch_id: entry.accepted.batch_id,
        amount: sent.money.amount(),
        currency: sent.money.currency().code().to_owned(),
        booked_on: sent.booked_on,
        booked_at: sent.booked_at,
        authorized_on: sent.authorized_on,
        description: sent.description,
        merchant_name: sent.merchant_name,
        payment_channel: sent.payment_channel,
        merchant_category_code: sent.merchant_category_code,
        bank_category: sent.bank_category,
        is_pending: sent.is_pending,
        pending_transaction_id: sent.pending_transaction_id,
        replaced_by: None,
        removed_at: None,
        revision: 2,
        status: "completed".to_owned(),
        attempts: 1,
        category: Some(decided.category.as_str().to_owned()),
        primary_code: Some(decided.primary_code.into_owned()),
        detailed_code: Some(decided.detailed_code.into_owned()),
        confidence: Some(decided.confidence.as_str().to_owned()),
        rule: Some(decided.rule.into_owned()),
        rules_version: Some(rules_version().to_owned()),
        failure_reason: None,
    }
}

fn revision(entry: &Entry) -> StoredRevision {
    let sent = &entry.content.transactions[0];
    StoredRevision {
        transaction_id: "tx".to_owned(),
        revision: 1,
        batch_id: entry.accepted.batch_id,
        amount: sent.money.amount(),
        content: json!({
            "account_id": sent.account_id,
            "currency": sent.money.currency().code(),
            "booked_on": sent.booked_on,
            "booked_at": sent.booked_at,
            "authorized_on": sent.authorized_on,
            "description": sent.description,
            "merchant_name": sent.merchant_name,
            "payment_channel": sent.payment_channel,
            "merchant_category_code": sent.merchant_category_code,
            "bank_category": sent.bank_category,
            "is_pending": sent.is_pending,
            "pending_transaction_id": sent.pending_transaction_id,
        }),
    }
}

/// The second request was sent after the first response.
fn valid_case() -> Case {
    let (first, second) = (entry(1, 0..1, (1, 0)), entry(2, 2..3, (0, 1)));
    let stored = Stored {
        batches: vec![batch(&first), batch(&second)],
        transactions: vec![row(&second)],
        revisions: vec![revision(&first)],
        accounts: vec![StoredAccount { account_id: "acc".to_owned(), name: "Name 2".to_owned() }],
    };
    Case { entries: vec![first, second], deletions: Vec::new(), stored }
}

fn assert_found(expected: &str, corrupt: impl FnOnce(&mut Case)) {
    let mut case = valid_case();
    corrupt(&mut case);
    let findings = compare(&case.entries, &case.deletions, &case.stored);
    assert!(findings.iter().any(|finding| finding.contains(expected)), "{expected}: {findings:?}");
}

#[test]
fn equal_ledger_and_database_have_no_findings() {
    let Case { entries, deletions, stored } = valid_case();
    assert_eq!(compare(&entries, &deletions, &stored), [] as [String; 0]);
}

#[test]
fn missing_rows_are_found() {
    assert_found("batch 00000000-0000-0000-0000-000000000002 is missing", |case| {
        case.stored.batches.pop();
    });
    assert_found("transaction tx: it is missing", |case| case.stored.transactions.clear());
    assert_found("its transactions are not", |case| case.stored.batches[0].transaction_ids.clear());
    assert_found("were updated", |case| case.stored.revisions.clear());
}

#[test]
fn duplicates_and_rejected_rows_are_found() {
    assert_found("no response named it", |case| {
        let batch = StoredBatch { batch_id: Uuid::max(), ..case.stored.batches[0].clone() };
        case.stored.batches.push(batch);
    });
    assert_found("were inserted", |case| {
        let row = case.stored.transactions[0].clone();
        case.stored.transactions.push(row);
    });
    assert_found("transaction bad: stored by a rejected request", |case| {
        let bad = StoredTransaction {
            transaction_id: "bad".to_owned(),
            ..case.stored.transactions[0].clone()
        };
        case.stored.transactions.push(bad);
    });
    assert_found("account bad: stored by a rejected request", |case| {
        case.stored.accounts[0].account_id = "bad".to_owned();
    });
    assert_found("became one batch", |case| {
        case.entries[0].accepted.batch_id = case.entries[1].accepted.batch_id;
    });
}

#[test]
fn outdated_content_is_found() {
    let keep_first_content = |case: &mut Case| {
        case.stored.transactions = vec![row(&case.entries[0])];
        case.stored.accounts[0].name = "Name 1".to_owned();
    };
    assert_found("its content is not the last one sent", keep_first_content);
    assert_found("account acc: its name is not the last one sent", keep_first_content);
    assert_found("its history is not in request order", |case| {
        case.stored.transactions = vec![row(&case.entries[0])];
        case.stored.revisions = vec![revision(&case.entries[1])];
    });
    assert_found("not the content of batch", |case| {
        case.stored.transactions[0].batch_id = Uuid::nil()
    });
    assert_found("revision 1 was not sent", |case| {
        case.stored.revisions[0].content["description"] = json!("other");
    });
}

#[test]
fn either_of_two_concurrent_requests_may_be_the_last() {
    for last in [0, 1] {
        let mut case = valid_case();
        case.entries[1].first_sent = case.entries[0].first_sent;
        case.stored.transactions = vec![row(&case.entries[last])];
        case.stored.revisions = vec![revision(&case.entries[1 - last])];
        assert_eq!(compare(&case.entries, &case.deletions, &case.stored), [] as [String; 0]);
    }
}

#[test]
fn unfinished_and_wrong_results_are_found() {
    assert_found("transaction tx: failed", |case| {
        case.stored.transactions[0].status = "failed".to_owned();
    });
    assert_found("its category differs from the rules", |case| {
        case.stored.transactions[0].rule = Some("another".to_owned());
    });
    assert_found("differ from the response", |case| case.stored.batches[0].updated = 1);
    assert_found("its idempotency key is not key1", |case| {
        case.stored.batches[0].idempotency_key = None
    });
}

/// A DELETE in the given seconds after the first request of the case.
fn delete(case: &mut Case, seconds: std::ops::Range<u64>, is_found: bool) {
    let start = case.entries[0].first_sent;
    case.deletions.push(Deletion {
        transaction_id: "tx".to_owned(),
        first_sent: start + Duration::from_secs(seconds.start),
        responded: start + Duration::from_secs(seconds.end),
        is_found,
    });
}

fn remove_row(case: &mut Case) {
    case.stored.transactions[0].removed_at = Some(Utc::now());
}

#[test]
fn removal_after_the_last_request_lasts_and_one_before_it_does_not() {
    let against = "against the order of requests";
    for (seconds, is_removed) in [(4..5, true), (2..5, true), (2..5, false)] {
        let mut case = valid_case();
        delete(&mut case, seconds, true);
        if is_removed {
            remove_row(&mut case);
        }
        assert_eq!(compare(&case.entries, &case.deletions, &case.stored), [] as [String; 0]);
    }
    assert_found(&format!("transaction tx: not removed, {against}"), |case| {
        delete(case, 4..5, true);
    });
    assert_found(&format!("transaction tx: removed, {against}"), remove_row);
    assert_found(&format!("DELETE tx: not found, {against}"), |case| delete(case, 4..5, false));
}

#[test]
fn wrong_counts_of_removals_are_found() {
    let remove = |case: &mut Case, id: &str, (removed, removed_unknown)| {
        let entry = &mut case.entries[1];
        let transaction_id = id.to_owned();
        entry.content.removals.push(tributary_domain::Removal { transaction_id, account_id: None });
        (entry.accepted.removed, entry.accepted.removed_unknown) = (removed, removed_unknown);
        case.stored.batches[1] = batch(entry);
    };
    let mut case = valid_case();
    remove(&mut case, "never", (0, 1));
    assert_eq!(compare(&case.entries, &case.deletions, &case.stored), [] as [String; 0]);
    assert_found("request key2: 1 removed and 0 unknown", |case| remove(case, "never", (1, 0)));
    assert_found("request key2: 0 removed and 1 unknown", |case| remove(case, "tx", (0, 1)));
    assert_found("request key2: 0 removed and 0 unknown", |case| remove(case, "never", (0, 0)));
}

#[test]
fn pending_copy_of_a_posted_transaction_is_never_its_content() {
    assert_found("its content is not the last one sent", |case| {
        case.entries[1].content.transactions[0].is_pending = true;
        case.stored.transactions = vec![row(&case.entries[1])];
    });
}
