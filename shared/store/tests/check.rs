//! `check` finds each fault that is planted, by its name and with its ids, and nothing in a healthy
//! database.
#![cfg(test)]

#[expect(dead_code, reason = "the other test program uses the rest of it")]
#[path = "store/ledger.rs"]
mod ledger;

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tributary_domain::BatchId;
use tributary_store::batches::RemainingWork;
use tributary_store::check::{self, Check, FINDINGS_MAX, Options};
use tributary_store::outbox;
use tributary_store::{idempotency, report};
use tributary_testkit::ledger::{booking, bookings, money, outbox_entry};

use crate::ledger::{LEASE, Ledger, SHOPPING, ids};

const LIVE: Options = Options { settled: false, grace: Duration::from_secs(600) };
const SETTLED: Options = Options { settled: true, ..LIVE };

/// Rows in every status and of two currencies, a revision, a replaced row, a key, folded and
/// unfolded deltas, and an outbox entry. Ids: `tx_00000` to `tx_00004` done, the first revised;
/// `in_euro` failed; `pending` replaced by `posted`; `held` processing, `waiting` pending, both of
/// the last batch.
async fn healthy() -> Ledger {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(5, "-0.10")).await;
    ledger.complete(first).await;
    assert_eq!(ledger.finish_if_done(first).await, RemainingWork::Nothing);
    let mut tx = ledger.begin().await;
    idempotency::insert(&mut tx, ledger.tenant, "key", &[0; 32], first).await.unwrap();
    report::fold(&mut tx, 1_000).await.unwrap();
    tx.commit().await.unwrap();

    let mut in_euro = booking("in_euro", "1.00");
    in_euro.money = money("7.25", "EUR");
    let mut pending = booking("pending", "-3");
    pending.is_pending = true;
    let mut posted = booking("posted", "-3.50");
    posted.pending_transaction_id = Some("pending".to_owned());
    let again = [booking("tx_00000", "-0.20"), booking("tx_00001", "-0.10"), in_euro];
    let (second, _) = ledger.write(&[&again[..], &[pending, posted]].concat()).await;
    let (lease, claimed) = ledger.claim(second, LEASE, 10).await;
    let (failed, done): (Vec<_>, Vec<_>) =
        ids(&claimed).into_iter().partition(|id| *id == "in_euro");
    ledger.finish(&lease, &failed, Err("no rule")).await;
    ledger.finish(&lease, &done, Ok(SHOPPING)).await;
    assert_eq!(ledger.finish_if_done(second).await, RemainingWork::Nothing);

    let (last, _) = ledger.write(&[booking("held", "-1"), booking("waiting", "2")]).await;
    ledger.claim(last, LEASE, 1).await;
    enqueue(&ledger, last).await;
    ledger
}

async fn enqueue(ledger: &Ledger, batch: BatchId) {
    let entry = outbox_entry(ledger.tenant, batch);
    let mut tx = ledger.begin().await;
    outbox::insert(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
}

async fn run(ledger: &Ledger, options: Options) -> Vec<Check> {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    check::run(&mut tx, options).await.unwrap()
}

fn broken(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|check| !check.holds()).map(|check| &*check.name).collect()
}

/// Does to the database what no constraint, trigger or foreign key would let anyone do.
async fn plant(connection: &mut PgConnection, fault: &str) {
    connection.execute("set local session_replication_role = replica").await.unwrap();
    let drop_constraints = "do $$ declare held record; begin for held in
        select conrelid::regclass as held_by, conname from pg_constraint
        where contype = 'c' and connamespace = 'public'::regnamespace
        loop execute format('alter table %s drop constraint %I', held.held_by, held.conname);
        end loop; end $$";
    connection.execute(drop_constraints).await.unwrap();
    connection.execute(AssertSqlSafe(fault.to_owned())).await.unwrap();
}

/// Plants each fault in a healthy database and says which rules are then broken. Planted and asked
/// in a transaction that is rolled back, so that one database serves all.
async fn assert_found(faults: &[&str], expected: &[&str], subject: &str) {
    let ledger = healthy().await;
    for fault in faults {
        let mut tx = ledger.store.begin_for_all().await.unwrap();
        plant(&mut tx, fault).await;
        let checks = check::run(&mut tx, LIVE).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(broken(&checks), expected, "{fault}: {checks:#?}");
        let first = checks.iter().find(|check| check.name == expected[0]).unwrap();
        let named = first.findings.iter().any(|it| it.subject.contains(subject));
        assert!(named, "{fault}: {subject} is not named in {first:#?}");
        assert!(first.findings.iter().all(|finding| finding.tenant == ledger.tenant));
    }
}

#[tokio::test]
async fn a_healthy_database_is_clean() {
    let ledger = healthy().await;
    let checks = run(&ledger, LIVE).await;
    assert_eq!(broken(&checks), [] as [&str; 0], "{checks:#?}");
    assert!(checks.len() >= 15 && checks.iter().all(|check| check.rule.ends_with('.')));
}

#[tokio::test]
async fn work_that_is_left_is_wrong_only_where_all_is_said_to_be_done() {
    let ledger = healthy().await;
    let expected = ["settled-transactions", "settled-batches", "settled-outbox"];
    let checks = run(&ledger, SETTLED).await;
    assert_eq!(broken(&checks), expected);
    let left = checks.iter().find(|check| check.name == expected[0]).unwrap();
    let subjects: Vec<_> = left.findings.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["transaction held", "transaction waiting"]);
}

#[tokio::test]
async fn all_are_counted_and_the_first_are_named() {
    let ledger = Ledger::new().await;
    ledger.write(&bookings(30, "-1")).await;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    plant(&mut tx, "update transactions set batch_id = gen_random_uuid()").await;
    let checks = check::run(&mut tx, LIVE).await.unwrap();
    let owners = checks.iter().find(|check| check.name == "transaction-owners").unwrap();
    assert_eq!(owners.broken, 30);
    assert_eq!(owners.findings.len(), usize::try_from(FINDINGS_MAX).unwrap());
}

#[tokio::test]
async fn a_frozen_transaction_sees_one_moment_and_writes_nothing() {
    let ledger = healthy().await;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    check::run(&mut tx, LIVE).await.unwrap();
    ledger.database.connection().await.execute("delete from report_days").await.unwrap();
    let checks = check::run(&mut tx, LIVE).await.unwrap();
    assert_eq!(broken(&checks), [] as [&str; 0]);
    report::fold(&mut tx, 1).await.unwrap_err();
}

#[tokio::test]
async fn a_transaction_that_is_lost_is_found() {
    let lost = "delete from transactions where transaction_id = 'tx_00003'";
    assert_found(&[lost], &["batch-members", "batch-statuses", "report-sums"], "batch").await;
}

#[tokio::test]
async fn counts_that_do_not_add_up_are_found() {
    for count in ["inserted = inserted + 1", "unchanged = unchanged - 2, updated = updated + 2"] {
        let fault = format!("update batches set {count} where updated > 0");
        assert_found(&[&fault], &["batch-counts"], "batch").await;
    }
}

#[tokio::test]
async fn a_member_that_counts_twice_is_found() {
    let twice = "update batches set unchanged = unchanged + 1, \
                 transaction_ids = transaction_ids || transaction_ids[1] where updated > 0";
    assert_found(&[twice], &["batch-statuses"], "batch").await;
}

#[tokio::test]
async fn a_batch_that_was_finished_too_early_is_found() {
    let early = "update batches set finished_at = now() where finished_at is null";
    assert_found(&[early], &["batch-finished"], "batch").await;
}

#[tokio::test]
async fn a_batch_that_nobody_finishes_is_found() {
    let late = "update batches set finished_at = null where updated > 0; \
                update transactions set enriched_at = now() - interval '1 hour' \
                where status in ('completed', 'failed')";
    assert_found(&[late], &["batch-ends"], "batch").await;
}

#[tokio::test]
async fn a_key_without_its_batch_is_found() {
    let fault = "update idempotency_keys set batch_id = gen_random_uuid()";
    assert_found(&[fault], &["idempotency-keys"], "key").await;
}

#[tokio::test]
async fn a_debt_that_is_old_or_nobodys_is_found() {
    let faults = [
        "update outbox set created_at = now() - interval '1 hour'",
        "update outbox set batch_id = gen_random_uuid()",
    ];
    assert_found(&faults, &["outbox"], "batch").await;
}

#[tokio::test]
async fn a_transaction_of_another_batch_or_no_account_is_found() {
    let other = "update transactions set batch_id = (select batch_id from batches where updated > 0) \
                 where transaction_id = 'tx_00003'";
    assert_found(&[other], &["transaction-owners"], "tx_00003").await;
    let nowhere = "update transactions set account_id = 'gone' where transaction_id = 'tx_00003'";
    assert_found(&[nowhere], &["transaction-owners", "report-sums"], "tx_00003").await;
}

#[tokio::test]
async fn a_row_without_the_columns_of_its_status_is_found() {
    let faults = [
        "update transactions set attempts = -1 where transaction_id = 'tx_00003'",
        "update transactions set attempts = 0 where transaction_id = 'tx_00003'",
        "update transactions set lease_token = gen_random_uuid() where transaction_id = 'tx_00003'",
        "update transactions set lease_expires_at = now() where transaction_id = 'tx_00003'",
        "update transactions set rule = null where transaction_id = 'tx_00003'",
        "update transactions set failure_reason = 'none' where transaction_id = 'tx_00003'",
        "update transactions set enriched_at = null where transaction_id = 'tx_00003'",
    ];
    assert_found(&faults, &["transaction-statuses"], "tx_00003").await;
    let unknown = "update transactions set status = 'lost' where transaction_id = 'waiting'";
    let expected = ["batch-statuses", "transaction-statuses", "report-sums"];
    assert_found(&[unknown], &expected, "batch").await;
}

#[tokio::test]
async fn a_row_that_nobody_works_on_any_more_is_found() {
    let fault = "update transactions set lease_expires_at = now() - interval '1 hour' \
                 where status = 'processing'";
    assert_found(&[fault], &["transaction-leases"], "held").await;
}

#[tokio::test]
async fn an_amount_that_its_currency_cannot_have_is_found() {
    let faults = [
        "update transactions set amount = -0.101 where transaction_id = 'tx_00003'",
        "update transactions set amount = 1e15 where transaction_id = 'tx_00003'",
        "update transactions set amount = 'NaN' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'JPY' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'XAU' where transaction_id = 'tx_00003'",
    ];
    assert_found(&faults, &["amounts", "report-sums"], "tx_00003").await;
}

#[tokio::test]
async fn a_gap_in_a_history_is_found() {
    let faults = [
        "update transactions set revision = 3 where transaction_id = 'tx_00000'",
        "update transaction_revisions set revision = 2 where transaction_id = 'tx_00000'",
        "delete from transaction_revisions",
        "insert into transaction_revisions values \
         ((select tenant_id from batches limit 1), 'tx_00000', 2, gen_random_uuid(), '{}')",
    ];
    assert_found(&faults, &["revisions"], "tx_00000").await;
    let orphan = "insert into transaction_revisions values \
                  ((select tenant_id from batches limit 1), 'gone', 1, gen_random_uuid(), '{}')";
    assert_found(&[orphan], &["revisions"], "gone").await;
}

#[tokio::test]
async fn a_pair_that_is_not_settled_is_found() {
    let expected = ["replacements", "report-sums"];
    let both = "update transactions set replaced_by = null where transaction_id = 'pending'";
    assert_found(&[both], &expected, "pending").await;
    let none = "update transactions set replaced_by = 'posted' where transaction_id = 'tx_00003'";
    assert_found(&[none], &expected, "tx_00003").await;
}

#[tokio::test]
async fn a_sum_that_is_not_that_of_its_rows_is_found() {
    let faults = [
        "update report_days set spend = spend + 0.01",
        "update report_days set income = income + 0.01",
        "update report_days set transaction_count = transaction_count - 1",
        "delete from report_days",
        TWICE,
        "delete from report_deltas where category <> ''",
        "update report_deltas set currency = 'EUR' where category <> '' and currency = 'USD'",
    ];
    assert_found(&faults, &["report-sums"], "account acc").await;
}

/// A delta that was folded and stayed.
const TWICE: &str = "insert into report_deltas (tenant_id, account_id, day, currency, category, \
                     status, transaction_count, spend, income) select * from report_days";

#[tokio::test]
async fn sums_of_an_account_that_is_not_there_are_found() {
    let fault = "insert into report_days select tenant_id, 'gone', day, currency, category, status, \
                 0, 0, 0 from report_days limit 1";
    assert_found(&[fault], &["report-accounts"], "account gone").await;
}
