//! `check` reports each corruption with the name of the check and the ids of the rows, and reports
//! nothing in a valid database.
#![cfg(test)]

#[expect(dead_code, reason = "the `store` test binary uses the rest")]
#[path = "store/ledger.rs"]
mod ledger;

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tributary_domain::TenantId;
use tributary_store::batches::RemainingWork;
use tributary_store::check::{self, Check, FINDINGS_MAX, Options};
use tributary_store::report;
use tributary_testkit::ledger::{booking, bookings, money, write};

use crate::ledger::{LEASE, Ledger, SHOPPING};

const LIVE: Options = Options { settled: false, grace: Duration::from_secs(600) };
const SETTLED: Options = Options { settled: true, ..LIVE };

/// A valid ledger: rows in every status and in two currencies, a revision, a replaced row, a removed
/// row, an idempotency key, days and packs, free and claimed slices.
///
/// Ids: `tx_00000` to `tx_00004` are completed, the first of them revised, the last one removed; `in_euro` has failed;
/// `pending` is replaced by `posted`; in the last batch, `processing` is leased and `waiting` is
/// pending.
async fn valid_ledger() -> Ledger {
    let ledger = Ledger::new().await;
    let (first, _) = ledger.write(&bookings(5, "-0.10")).await;
    ledger.complete(first).await;
    assert_eq!(ledger.finish_if_done(first).await, RemainingWork::Nothing);
    let mut tx = ledger.begin().await;
    report::fold(&mut tx, 1_000).await.unwrap();
    tx.commit().await.unwrap();

    let mut in_euro = booking("in_euro", "1.00");
    in_euro.money = money("7.25", "EUR");
    let mut pending = booking("pending", "-3");
    pending.is_pending = true;
    let mut posted = booking("posted", "-3.50");
    posted.pending_transaction_id = Some("pending".to_owned());
    let known = [booking("tx_00000", "-0.20"), booking("tx_00001", "-0.10"), in_euro];
    let (second, _) = ledger.write(&[&known[..], &[pending, posted]].concat()).await;
    let (lease, claimed) = ledger.claim(second, LEASE).await;
    let result_of = |id: &str| if id == "in_euro" { Err("no rule") } else { Ok(SHOPPING) };
    ledger.finish_as(&lease, &claimed, result_of).await;
    assert_eq!(ledger.finish_if_done(second).await, RemainingWork::Nothing);

    ledger.remove("tx_00004").await;

    let last = [booking("processing", "-1"), booking("waiting", "2")];
    let last = ledger.write_in_slices(&last, 1).await;
    ledger.claim(last, LEASE).await;
    ledger
}

async fn run(ledger: &Ledger, options: Options) -> Vec<Check> {
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    check::run(&mut tx, options).await.unwrap()
}

fn failed_checks(checks: &[Check]) -> Vec<&str> {
    checks.iter().filter(|check| !check.holds()).map(|check| &*check.name).collect()
}

/// Runs a statement without constraints, triggers and foreign keys.
async fn corrupt(connection: &mut PgConnection, statement: &str) {
    connection.execute("set local session_replication_role = replica").await.unwrap();
    let drop_constraints = "do $$ declare con record; begin for con in
        select conrelid::regclass as table_name, conname from pg_constraint
        where contype = 'c' and connamespace = 'public'::regnamespace
        loop execute format('alter table %s drop constraint %I', con.table_name, con.conname);
        end loop; end $$";
    connection.execute(drop_constraints).await.unwrap();
    connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

/// Runs each statement on a valid database and asserts which checks then fail, and that the first
/// of them names the subject. Rolls each statement back, so that all can use one database.
async fn assert_reported(statements: &[&str], expected: &[&str], subject: &str) {
    let ledger = valid_ledger().await;
    for statement in statements {
        let mut tx = ledger.store.begin_for_all().await.unwrap();
        corrupt(&mut tx, statement).await;
        let checks = check::run(&mut tx, LIVE).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(failed_checks(&checks), expected, "{statement}: {checks:#?}");
        let first = checks.iter().find(|check| check.name == expected[0]).unwrap();
        let is_named = first.findings.iter().any(|finding| finding.subject.contains(subject));
        assert!(is_named, "{statement}: {subject} is missing in {first:#?}");
        assert!(first.findings.iter().all(|finding| finding.tenant == ledger.tenant));
    }
}

#[tokio::test]
async fn valid_database_passes_all_checks() {
    let ledger = valid_ledger().await;
    let checks = run(&ledger, LIVE).await;
    assert_eq!(failed_checks(&checks), [] as [&str; 0], "{checks:#?}");
    assert!(checks.len() >= 15 && checks.iter().all(|check| check.rule.ends_with('.')));
}

#[tokio::test]
async fn unfinished_work_is_reported_only_if_settled_is_requested() {
    let ledger = valid_ledger().await;
    let expected = ["settled-transactions", "settled-batches", "settled-slices"];
    let checks = run(&ledger, SETTLED).await;
    assert_eq!(failed_checks(&checks), expected);
    let unfinished = checks.iter().find(|check| check.name == expected[0]).unwrap();
    let subjects: Vec<_> =
        unfinished.findings.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["transaction processing", "transaction waiting"]);
}

#[tokio::test]
async fn check_counts_all_findings_and_lists_the_first() {
    let ledger = Ledger::new().await;
    ledger.write(&bookings(30, "-1")).await;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    corrupt(&mut tx, "update transactions set batch_id = gen_random_uuid()").await;
    let checks = check::run(&mut tx, LIVE).await.unwrap();
    let owners = checks.iter().find(|check| check.name == "transaction-owners").unwrap();
    assert_eq!(owners.broken, 30);
    assert_eq!(owners.findings.len(), usize::try_from(FINDINGS_MAX).unwrap());
}

#[tokio::test]
async fn checks_read_one_snapshot_and_cannot_write() {
    let ledger = valid_ledger().await;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    check::begin_snapshot(&mut tx).await.unwrap();
    check::run(&mut tx, LIVE).await.unwrap();
    ledger.execute("delete from report_days").await;
    let checks = check::run(&mut tx, LIVE).await.unwrap();
    assert_eq!(failed_checks(&checks), [] as [&str; 0]);
    report::fold(&mut tx, 1).await.unwrap_err();
}

/// Keeps the check waiting at a rule of the first tenant until the second one is corrupted.
#[tokio::test]
async fn each_tenant_is_checked_in_a_snapshot_of_its_own() {
    let ledger = valid_ledger().await;
    let (store, second) = ledger.other_tenant("second").await;
    assert!(second.0 > ledger.tenant.0, "it is checked later");
    write(&store, second, &bookings(2, "-1")).await.unwrap();
    let corrupt = |tenant: TenantId| {
        let statement = format!(
            "set session_replication_role = replica; \
             delete from report_packs where tenant_id = '{tenant}'"
        );
        sqlx::raw_sql(AssertSqlSafe(statement))
    };
    let mut held = ledger.begin_on_new_connection().await;
    held.execute("lock table transaction_revisions in access exclusive mode").await.unwrap();
    let checker = ledger.database.store();
    let (checks, ()) = tokio::join!(check::run_by_tenant(&checker, LIVE), async {
        ledger.wait_for_blocked_connection().await;
        let mut connection = ledger.database.connection().await;
        corrupt(second).execute(&mut connection).await.unwrap();
        held.rollback().await.unwrap();
    });
    let checks = checks.unwrap();
    assert_eq!(failed_checks(&checks), ["report-sums"]);
    let sums = checks.iter().find(|check| !check.holds()).unwrap();
    assert!(sums.findings.iter().all(|finding| finding.tenant == second));

    // The findings of several tenants are added.
    let mut connection = ledger.database.connection().await;
    corrupt(ledger.tenant).execute(&mut connection).await.unwrap();
    let checks = check::run_by_tenant(&checker, LIVE).await.unwrap();
    assert_eq!(failed_checks(&checks), ["report-sums"]);
    let all = checks.iter().find(|check| !check.holds()).unwrap();
    assert!(all.broken > sums.broken, "{all:?}");
    let of = |tenant| all.findings.iter().filter(|finding| finding.tenant == tenant).count();
    assert!(of(ledger.tenant) > 0 && of(second) > 0, "{all:?}");
}

#[tokio::test]
async fn tenant_that_is_being_erased_is_omitted_and_rows_without_a_tenant_are_not() {
    let ledger = valid_ledger().await;
    ledger.execute("delete from transaction_revisions").await;
    assert_eq!(failed_checks(&run(&ledger, LIVE).await), ["revisions"]);
    ledger.execute("update tenants set erasing_at = now()").await;
    assert_eq!(failed_checks(&run(&ledger, LIVE).await), [] as [&str; 0]);
    ledger
        .execute(
            "insert into transaction_revisions \
             values (gen_random_uuid(), 'lost', 1, gen_random_uuid(), '{}'); \
             insert into report_packs (tenant_id, account_id, batch_id, days, currencies, states, \
             kinds, categories, counts, amounts) \
             select gen_random_uuid(), account_id, batch_id, days, currencies, states, kinds, \
             categories, counts, amounts from report_packs limit 1",
        )
        .await;
    let expected = ["revisions", "report-sums", "report-accounts"];
    assert_eq!(failed_checks(&run(&ledger, LIVE).await), expected);
    let checks = check::run_by_tenant(&ledger.store, LIVE).await.unwrap();
    assert_eq!(failed_checks(&checks), expected);
}

#[tokio::test]
async fn missing_transaction_is_reported() {
    let missing = "delete from transactions where transaction_id = 'tx_00003'";
    assert_reported(&[missing], &["batch-members", "batch-statuses", "report-sums"], "batch").await;
}

#[tokio::test]
async fn transaction_that_relay_deleted_is_not_missing() {
    let deleted = "insert into deleted_transactions (tenant_id, transaction_id, account_id) \
        select tenant_id, transaction_id, account_id from transactions \
        where transaction_id = 'tx_00003'; \
        delete from transactions where transaction_id = 'tx_00003'";
    assert_reported(&[deleted], &["report-sums"], "acc").await;
}

#[tokio::test]
async fn counts_that_do_not_add_up_are_reported() {
    for count in [
        "inserted = inserted + 1",
        "unchanged = unchanged - 2, updated = updated + 2",
        "removed = -1",
        "removed_unknown = -1",
    ] {
        let wrong = format!("update batches set {count} where updated > 0");
        assert_reported(&[&wrong], &["batch-counts"], "batch").await;
    }
}

#[tokio::test]
async fn erased_transactions_that_are_not_counted_are_reported() {
    let uncounted = "update batches set transaction_ids = \
                     array_replace(transaction_ids, 'tx_00003', null)";
    // Nothing but the list names the batch of a transaction.
    assert_reported(&[uncounted], &["batch-counts", "transaction-owners"], "batch").await;
    let not_erased = "update batches set erased = 1 where updated > 0";
    assert_reported(&[not_erased], &["batch-counts"], "batch").await;
    let no_list = "update batches set transaction_ids = null where finished_at is null";
    assert_reported(&[no_list], &["batch-counts"], "batch").await;
}

#[tokio::test]
async fn finished_batch_without_a_list_passes() {
    let ledger = valid_ledger().await;
    ledger.execute("update batches set transaction_ids = null where updated > 0").await;
    assert_eq!(failed_checks(&run(&ledger, LIVE).await), [] as [&str; 0]);
}

#[tokio::test]
async fn duplicate_transaction_id_of_a_batch_is_reported() {
    let duplicate = "update batches set unchanged = unchanged + 1, \
                     transaction_ids = transaction_ids || transaction_ids[1] where updated > 0";
    assert_reported(&[duplicate], &["batch-statuses"], "batch").await;
}

#[tokio::test]
async fn batch_finished_with_pending_transactions_is_reported() {
    let early = "update batches set finished_at = now(), announce_at = null \
                 where finished_at is null";
    assert_reported(&[early], &["batch-finished"], "batch").await;
}

#[tokio::test]
async fn unfinished_batch_without_remaining_work_is_reported() {
    let late = "update batches set finished_at = null, announce_at = now() where updated > 0; \
                update transactions set enriched_at = now() - interval '1 hour' \
                where status in ('completed', 'failed')";
    assert_reported(&[late], &["batch-ends"], "batch").await;
}

#[tokio::test]
async fn batch_that_is_not_announced_is_reported() {
    let statements = [
        "update batches set announce_at = now() - interval '1 hour' where finished_at is null",
        "update batches set announce_at = null where finished_at is null",
        "update batches set announce_at = now() where finished_at is not null",
    ];
    assert_reported(&statements, &["announcements"], "batch").await;
}

#[tokio::test]
async fn pending_transaction_without_exactly_one_slice_is_reported() {
    let statements = [
        "delete from slices where token is null",
        "update slices set last_position = 1 where token is not null",
        "update slices set batch_id = (select batch_id from batches where updated > 0) \
         where first_position = 1",
    ];
    for (statement, subject) in statements.iter().zip(["waiting"; 3]) {
        assert_reported(&[statement], &["slice-cover"], subject).await;
    }
}

#[tokio::test]
async fn transaction_of_another_batch_or_without_an_account_is_reported() {
    let other_batch = "update transactions \
                       set batch_id = (select batch_id from batches where updated > 0) \
                       where transaction_id = 'tx_00003'";
    let no_batch = "update transactions set batch_id = gen_random_uuid() \
                    where transaction_id = 'tx_00003'";
    assert_reported(&[other_batch, no_batch], &["transaction-owners"], "tx_00003").await;
    let no_account =
        "update transactions set account_id = 'missing' where transaction_id = 'tx_00003'";
    assert_reported(&[no_account], &["transaction-owners", "report-sums"], "tx_00003").await;
}

#[tokio::test]
async fn columns_that_do_not_match_the_status_are_reported() {
    let statements = [
        "update transactions set attempts = -1 where transaction_id = 'tx_00003'",
        "update transactions set attempts = 0 where transaction_id = 'tx_00003'",
        "update transactions set rule = null where transaction_id = 'tx_00003'",
        "update transactions set failure_reason = 'none' where transaction_id = 'tx_00003'",
        "update transactions set enriched_at = null where transaction_id = 'tx_00003'",
    ];
    assert_reported(&statements, &["transaction-statuses"], "tx_00003").await;
    let unknown = "update transactions set status = 'unknown' where transaction_id = 'tx_00003'";
    let expected = ["batch-statuses", "transaction-statuses", "report-sums"];
    assert_reported(&[unknown], &expected, "batch").await;
}

#[tokio::test]
async fn expired_lease_is_reported() {
    let expired = "update slices set expires_at = now() - interval '1 hour' \
                   where token is not null";
    assert_reported(&[expired], &["slice-leases"], "batch").await;
}

#[tokio::test]
async fn invalid_amount_or_currency_is_reported() {
    let statements = [
        "update transactions set amount = -0.101 where transaction_id = 'tx_00003'",
        "update transactions set amount = 1e26 where transaction_id = 'tx_00003'",
        "update transactions set amount = 'NaN' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'JPY' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'XAU' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'usd' where transaction_id = 'tx_00003'",
        "update transactions set currency = 'BTC', amount = 1e-19 where transaction_id = 'tx_00003'",
        "update transactions set currency = 'BTC', amount = 1e28 where transaction_id = 'tx_00003'",
        "update transactions set currency = 'BTC', amount = 1e10 + 1e-18 \
         where transaction_id = 'tx_00003'",
    ];
    assert_reported(&statements, &["amounts", "report-sums"], "tx_00003").await;
}

#[tokio::test]
async fn missing_or_unexpected_revision_is_reported() {
    let statements = [
        "update transactions set revision = 3 where transaction_id = 'tx_00000'",
        "update transaction_revisions set revision = 2 where transaction_id = 'tx_00000'",
        "delete from transaction_revisions",
        "insert into transaction_revisions values \
         ((select tenant_id from batches limit 1), 'tx_00000', 2, gen_random_uuid(), '{}')",
    ];
    assert_reported(&statements, &["revisions"], "tx_00000").await;
    let orphan = "insert into transaction_revisions values \
                  ((select tenant_id from batches limit 1), 'missing', 1, gen_random_uuid(), '{}')";
    assert_reported(&[orphan], &["revisions"], "missing").await;
}

#[tokio::test]
async fn wrong_replacement_is_reported() {
    let expected = ["replacements", "report-sums"];
    let not_replaced =
        "update transactions set replaced_by = null where transaction_id = 'pending'";
    assert_reported(&[not_replaced], &expected, "pending").await;
    let replaced =
        "update transactions set replaced_by = 'posted' where transaction_id = 'tx_00003'";
    assert_reported(&[replaced], &expected, "tx_00003").await;
}

#[tokio::test]
async fn sums_that_do_not_match_the_transactions_are_reported() {
    let statements = [
        "update report_days set amount = amount + 0.01",
        "update report_days set kind = 'income' where kind = 'spend'",
        "update report_days set transaction_count = transaction_count - 1",
        "delete from report_days",
        "update report_days set state = 'failed'",
        DUPLICATE_PACKS,
        "delete from report_packs",
        "update report_packs set amounts = array_replace(amounts, 1, 2)",
        "update transactions set removed_at = now() where transaction_id = 'tx_00003'",
        "update transactions set removed_at = null where transaction_id = 'tx_00004'",
    ];
    assert_reported(&statements, &["report-sums"], "account acc").await;
}

/// Packs that were folded but not deleted.
const DUPLICATE_PACKS: &str = "insert into report_packs \
    (tenant_id, account_id, batch_id, days, currencies, states, kinds, categories, counts, amounts) \
    select tenant_id, account_id, batch_id, days, currencies, states, kinds, categories, counts, \
    amounts from report_packs";

#[tokio::test]
async fn sums_of_a_missing_account_are_reported() {
    let orphan = "insert into report_days \
                  select tenant_id, 'missing', day, currency, state, kind, category, 0, 0 \
                  from report_days limit 1";
    assert_reported(&[orphan], &["report-accounts"], "account missing").await;
}
