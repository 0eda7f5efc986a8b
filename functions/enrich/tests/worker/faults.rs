//! Transient and permanent faults of categorisers.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use enrich::Ending;
use tributary_domain::StatusCounts;
use tributary_domain::categorise::Category;
use tributary_store::enrichment::{self, Lease};
use tributary_testkit::ledger::write;

use crate::bench::{Bench, Scripted, is, permanent, row, sent, transient};

/// The most attempts for a row.
const ATTEMPTS_MAX: i32 = 5;
const ATTEMPTS_REASON: &str = "the maximum number of attempts was reached";

#[tokio::test]
async fn row_with_transient_fault_is_released_and_completed_later() {
    let bench = Bench::with_batch(3).await;
    let seen = Mutex::new(HashSet::new());
    let worker = bench.worker(Scripted::new(move |id: &str| {
        let is_first_time = seen.lock().unwrap().insert(id.to_owned());
        if id == "tx_0001" && is_first_time { transient() } else { is(Category::Food) }
    }));

    assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
    let done = row("completed", 1, Some("Food"), None);
    let released = row("pending", 1, None, None);
    assert_eq!(bench.rows().await, [done.clone(), released, done.clone()]);
    assert!(bench.progress().await.finished_at.is_none());

    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let done_later = row("completed", 2, Some("Food"), None);
    assert_eq!(bench.rows().await, [done.clone(), done_later, done]);
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn permanent_fault_fails_the_row_with_its_reason() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Scripted::new(|id: &str| match id {
        "tx_0001" => permanent("its description is empty"),
        _ => is(Category::Food),
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let done = row("completed", 1, Some("Food"), None);
    let failed = row("failed", 1, None, Some("its description is empty"));
    assert_eq!(bench.rows().await, [done.clone(), failed, done]);
    assert!(bench.progress().await.finished_at.is_some(), "a failed row is settled, too");
}

#[tokio::test]
async fn row_fails_after_the_most_transient_faults() {
    let bench = Bench::with_batch(1).await;
    let worker = bench.worker(Scripted::new(|_: &str| transient()));
    for attempt in 1..ATTEMPTS_MAX {
        assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
        assert_eq!(bench.rows().await, [row("pending", attempt, None, None)]);
    }
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX, None, Some(ATTEMPTS_REASON))]);
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn row_that_crashes_its_workers_fails_without_another_attempt() {
    let bench = Bench::with_batch(1).await;
    // Workers that claim the row and crash.
    for _ in 0..ATTEMPTS_MAX {
        let lease = Lease {
            tenant: bench.message.tenant,
            batch: bench.message.batch,
            token: tributary_domain::identity::LeaseToken(uuid::Uuid::now_v7()),
            duration: std::time::Duration::ZERO,
        };
        let mut tx = bench.database.store().begin(lease.tenant).await.unwrap();
        let claimed = enrichment::claim(&mut tx, &lease, 10).await.unwrap();
        assert_eq!(claimed.len(), 1);
        tx.commit().await.unwrap();
    }
    let worker = bench.worker(Scripted::new(|_: &str| panic!("it must not be called")));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX + 1, None, Some(ATTEMPTS_REASON))]);
}

#[tokio::test]
async fn faults_of_some_rows_do_not_delay_others() {
    let bench = Bench::with_batch(300).await;
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&calls);
    let worker = bench.worker(Scripted::new(move |id: &str| {
        counter.fetch_add(1, Ordering::Relaxed);
        match id.as_bytes().last() {
            Some(b'0') => permanent("no"),
            Some(b'1') => transient(),
            _ => is(Category::Food),
        }
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
    let expected = StatusCounts { pending: 30, processing: 0, completed: 240, failed: 30 };
    assert_eq!(bench.counts().await, expected);
    assert_eq!(calls.load(Ordering::Relaxed), 300, "one call for each row");
}

/// Finishing locks some rows of a batch and releasing locks the rest. In one transaction their lock
/// order would differ from that of a batch that updates all rows.
#[tokio::test]
async fn worker_that_releases_rows_never_deadlocks_with_a_batch_that_updates_them() {
    let bench = Bench::with_batch(100).await;
    let other = bench.database.store();
    let tenant = bench.message.tenant;
    let worker = bench.worker(Scripted::new(|id: &str| {
        let is_even = id.as_bytes().last().is_some_and(|digit| digit % 2 == 0);
        if is_even { transient() } else { is(Category::Food) }
    }));
    let mut message = bench.message;
    for round in 0..40 {
        let revised = sent(100, 200 + round);
        let deadline = std::time::SystemTime::now() + crate::bench::LONG;
        let (ending, written) =
            tokio::join!(worker.work(&message, deadline), write(&other, tenant, &revised));
        ending.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let (batch, written) = written.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_eq!(written.updated, 100);
        message.batch = batch;
    }
}
