//! Categorisers that fail: for now, for good, for ever.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use enrich::Ending;
use tributary_domain::StatusCounts;
use tributary_domain::categorise::Category;
use tributary_store::enrichment::{self, Lease};
use tributary_testkit::ledger::write;

use crate::bench::{Bench, Says, is, permanent, row, sent, transient};

/// How often a row is tried before it is given up.
const ATTEMPTS_MAX: i32 = 5;
const GIVEN_UP: &str = "gave up after the most attempts that are made";

#[tokio::test]
async fn a_transient_fault_gives_the_row_back_and_the_next_turn_completes_it() {
    let bench = Bench::with_batch(3).await;
    let seen = Mutex::new(HashSet::new());
    let worker = bench.worker(Says::new(move |id: &str| {
        let is_first_time = seen.lock().unwrap().insert(id.to_owned());
        if id == "tx_0001" && is_first_time { transient() } else { is(Category::Food) }
    }));

    assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
    let done = row("completed", 1, Some("Food"), None);
    let given_back = row("pending", 1, None, None);
    assert_eq!(bench.rows().await, [done.clone(), given_back, done.clone()]);
    assert!(bench.progress().await.finished_at.is_none());

    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let done_later = row("completed", 2, Some("Food"), None);
    assert_eq!(bench.rows().await, [done.clone(), done_later, done]);
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn a_permanent_fault_fails_the_row_with_its_reason_at_once() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Says::new(|id: &str| match id {
        "tx_0001" => permanent("its description is empty"),
        _ => is(Category::Food),
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let done = row("completed", 1, Some("Food"), None);
    let failed = row("failed", 1, None, Some("its description is empty"));
    assert_eq!(bench.rows().await, [done.clone(), failed, done]);
    assert!(bench.progress().await.finished_at.is_some(), "a failed row is done too");
}

#[tokio::test]
async fn a_row_that_is_transient_for_ever_is_given_up_after_the_most_attempts() {
    let bench = Bench::with_batch(1).await;
    let worker = bench.worker(Says::new(|_: &str| transient()));
    for attempt in 1..ATTEMPTS_MAX {
        assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
        assert_eq!(bench.rows().await, [row("pending", attempt, None, None)]);
    }
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX, None, Some(GIVEN_UP))]);
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn a_row_that_takes_its_workers_down_is_given_up_without_being_tried_once_more() {
    let bench = Bench::with_batch(1).await;
    // Workers that claim it and are never heard of again.
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
    let worker = bench.worker(Says::new(|_: &str| panic!("it must not be asked")));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX + 1, None, Some(GIVEN_UP))]);
}

#[tokio::test]
async fn faults_of_some_rows_hold_up_no_others() {
    let bench = Bench::with_batch(300).await;
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&asked);
    let worker = bench.worker(Says::new(move |id: &str| {
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
    assert_eq!(asked.load(Ordering::Relaxed), 300, "each row is asked about once a turn");
}

/// Finishing locks some rows of a batch and letting go locks the rest: in one transaction the two
/// would take their locks in another order than a batch that revises all of them.
#[tokio::test]
async fn a_worker_that_gives_rows_back_never_waits_in_a_circle_with_a_batch_that_revises_them() {
    let bench = Bench::with_batch(100).await;
    let other = bench.database.store();
    let tenant = bench.message.tenant;
    let worker = bench.worker(Says::new(|id: &str| {
        let is_even = id.as_bytes().last().is_some_and(|digit| digit % 2 == 0);
        if is_even { transient() } else { is(Category::Food) }
    }));
    let mut message = bench.message;
    for round in 0..40 {
        let revised = sent(100, 200 + round);
        let deadline = std::time::SystemTime::now() + crate::bench::LONG;
        let (turn, written) =
            tokio::join!(worker.work(&message, deadline), write(&other, tenant, &revised));
        turn.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let (batch, written) = written.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_eq!(written.updated, 100);
        message.batch = batch;
    }
}
