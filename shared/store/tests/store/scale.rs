//! The number of rows that the plans process grows linearly with the size of a batch. The test
//! reads it from `auto_explain` instead of measuring time.

use std::time::Duration;

use sqlx::Executor;
use tributary_domain::Interval;
use tributary_store::transactions::Written;
use tributary_store::{accounts, report, retention};
use tributary_testkit::ledger::{booking, bookings};

use crate::plans::explained;
use crate::sums::year;

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
/// Linear growth is 10, and another plan may process some rows twice. Quadratic growth is 100.
const RATIO_MAX: u64 = 20;
/// The most rows that a report of one day with transactions processes.
const SUMMARY_MAX: u64 = 200;

/// Returns the number of rows that each step processes for a batch of `count` transactions; `None`
/// where PostgreSQL cannot send plans.
async fn measure(count: usize) -> Option<Vec<(&'static str, u64)>> {
    let (ledger, notices) = explained().await?;
    let mut connection = ledger.database.connection().await;
    let total = i32::try_from(count).unwrap();
    let written = |inserted, updated, unchanged| Written {
        inserted,
        updated,
        unchanged,
        ..Written::default()
    };
    ledger.write(&[booking("first", "1")]).await;
    assert!(notices.take_rows() > 0, "PostgreSQL sends no plans");
    let mut steps = Vec::new();

    let (batch, result) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(result, written(total, 0, 0));
    steps.push(("insert", notices.take_rows()));

    let (_, result) = ledger.write(&bookings(count, "-0.10")).await;
    assert_eq!(result, written(0, 0, total));
    steps.push(("repeat", notices.take_rows()));

    ledger.complete(batch).await;
    steps.push(("enrich", notices.take_rows()));

    let completed = ledger.progress(batch).await.counts.completed;
    assert_eq!(usize::try_from(completed), Ok(count));
    steps.push(("progress", notices.take_rows()));

    let mut tx = ledger.begin().await;
    report::fold_batch(&mut tx, ledger.tenant, batch).await.unwrap();
    tx.commit().await.unwrap();
    notices.take_rows();
    let mut tx = ledger.begin().await;
    report::summary(&mut tx, ledger.tenant, "acc", year()).await.unwrap().unwrap();
    tx.rollback().await.unwrap();
    steps.push(("summary", notices.take_rows()));
    let mut tx = ledger.begin().await;
    let months = Interval::Month.divide(year());
    report::cashflow(&mut tx, ledger.tenant, "acc", year(), &months, None).await.unwrap().unwrap();
    tx.rollback().await.unwrap();
    steps.push(("cash flow", notices.take_rows()));
    let mut tx = ledger.begin().await;
    accounts::one(&mut tx, ledger.tenant, "acc").await.unwrap().unwrap();
    tx.rollback().await.unwrap();
    steps.push(("account", notices.take_rows()));

    let (_, result) = ledger.write(&bookings(count, "-0.20")).await;
    assert_eq!(result, written(0, total, 0));
    steps.push(("revise", notices.take_rows()));

    // Up-to-date statistics, as after autovacuum, may lead to other plans.
    connection.execute("analyze").await.unwrap();
    notices.take_rows();
    let (_, result) = ledger.write(&bookings(count, "-0.30")).await;
    assert_eq!(result, written(0, total, 0));
    steps.push(("revise analyzed", notices.take_rows()));
    Some(steps)
}

#[tokio::test]
async fn processed_rows_grow_linearly_with_the_batch_size() {
    let (Some(small), Some(large)) = (measure(SMALL).await, measure(LARGE).await) else { return };
    eprintln!("{SMALL}: {small:?}\n{LARGE}: {large:?}");
    for ((step, small), (_, large)) in small.iter().zip(&large) {
        let is_linear = *small > 0 && *large < *small * RATIO_MAX;
        assert!(is_linear, "{step}: {small} rows for {SMALL}, {large} for {LARGE}");
        // Its cost follows the days, not the transactions.
        let follows_days = ["summary", "cash flow", "account"].contains(step);
        assert!(!follows_days || *large < SUMMARY_MAX, "{step}: {large} rows");
    }
}

/// The rows that a turn of a retention chore may process for each row of its limit: those that it
/// reads, locks, examines and writes, each counted in several nodes of a plan.
const TURN_RATIO_MAX: u64 = 30;

#[tokio::test]
async fn turn_of_a_retention_chore_processes_rows_of_its_limit() {
    let Some((ledger, notices)) = explained().await else { return };
    let (batch, _) = ledger.write(&bookings(LARGE, "-1")).await;
    ledger.complete(batch).await;
    ledger.finish_if_done(batch).await;
    // Batches with and without a list, most of them too young. Those with a list are of one
    // transaction each.
    ledger
        .execute(
            "insert into batches (tenant_id, batch_id, correlation_id, transaction_ids, inserted, \
             message_count, finished_at) \
             select tenant_id, gen_random_uuid(), 'c', case when n % 2 = 0 then \
             array['tx_' || lpad((n % 10000)::text, 5, '0')] end, 1, 1, \
             now() - case when n % 10 < 2 then 91 else 89 end * interval '1 day' \
             from tenants cross join generate_series(1, 40000) as n",
        )
        .await;
    ledger.execute("analyze").await;
    let limit = 50;
    let mut tx = ledger.store.begin_for_all().await.unwrap();
    notices.take_rows();
    let examined = retention::drop_members(&mut tx, 90, limit, 10_000).await.unwrap();
    let dropped_rows = notices.take_rows();
    assert_eq!((examined.examined, examined.done), (limit, limit));
    let examined = retention::delete_batches(&mut tx, 90, limit).await.unwrap();
    let deleted_rows = notices.take_rows();
    assert_eq!((examined.examined, examined.done), (limit, limit));
    // Most transactions and revisions are too young.
    tx.execute(
        "update transactions set booked_on = booked_on - 1000 \
         where transaction_id < 'tx_00500'; \
         insert into transaction_revisions \
         select tenant_id, transaction_id, 1, batch_id, '{}', \
         now() - case when transaction_id < 'tx_00500' then 91 else 89 end * interval '1 day' \
         from transactions; \
         analyze transactions; analyze transaction_revisions",
    )
    .await
    .unwrap();
    notices.take_rows();
    assert_eq!(retention::delete_revisions(&mut tx, 90, limit).await.unwrap(), limit);
    let revision_rows = notices.take_rows();
    let days = 1_000;
    let pause = Duration::ZERO;
    let deleted = retention::delete_transactions(&mut tx, days, limit, 10, pause).await.unwrap();
    assert_eq!(deleted.done, limit);
    let transaction_rows = notices.take_rows();
    for rows in [dropped_rows, deleted_rows, revision_rows, transaction_rows] {
        assert!(rows > 0 && rows < limit.unsigned_abs() * TURN_RATIO_MAX, "{rows} rows");
    }
}
