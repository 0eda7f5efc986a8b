//! Transient and permanent faults of categorisers.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use enrich::Ending;
use tributary_domain::StatusCounts;
use tributary_domain::categorise::Category;
use tributary_domain::identity::LeaseToken;
use tributary_store::enrichment::{self, Claim, Lease};
use tributary_testkit::ledger::write;
use uuid::Uuid;

use crate::bench::{Bench, LONG, Scripted, is, permanent, row, sent, transient};

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
    let released = row("pending", 0, None, None);
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
    for _ in 1..ATTEMPTS_MAX {
        assert_eq!(bench.work(&worker).await.unwrap(), Ending::RetryLater);
        assert_eq!(bench.rows().await, [row("pending", 0, None, None)]);
    }
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX, None, Some(ATTEMPTS_REASON))]);
    assert!(bench.progress().await.finished_at.is_some());
}

/// Claims a slice of a batch, at first a free one, and dies.
async fn die(bench: &Bench, is_first: bool) -> Claim {
    let lease = Lease {
        tenant: bench.message.tenant,
        batch: bench.message.batch,
        token: LeaseToken(Uuid::now_v7()),
        duration: Duration::ZERO,
    };
    let mut tx = bench.database.store().begin(lease.tenant).await.unwrap();
    let claim = if is_first {
        enrichment::claim(&mut tx, &lease, LONG).await
    } else {
        enrichment::claim_expired(&mut tx, &lease).await
    };
    tx.commit().await.unwrap();
    claim.unwrap().unwrap()
}

#[tokio::test]
async fn row_whose_workers_die_fails_without_another_attempt() {
    let bench = Bench::with_batch(1).await;
    for attempt in 1..=ATTEMPTS_MAX {
        let claim = die(&bench, attempt == 1).await;
        assert_eq!((claim.attempts, claim.rows.len()), (attempt, 1));
    }
    let worker = bench.worker(Scripted::new(|_: &str| panic!("it must not be called")));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.rows().await, [row("failed", ATTEMPTS_MAX + 1, None, Some(ATTEMPTS_REASON))]);
}

/// Four transient failures of the whole slice, then a death: every other row is still attempted.
#[tokio::test]
async fn row_is_attempted_alone_whatever_its_slice_has_used_up() {
    let bench = Bench::with_batch(30).await;
    let overloaded = bench.worker(Scripted::new(|_: &str| transient()));
    for _ in 1..ATTEMPTS_MAX {
        assert_eq!(bench.work(&overloaded).await.unwrap(), Ending::RetryLater);
    }
    assert_eq!(die(&bench, true).await.attempts, ATTEMPTS_MAX);
    let worker = bench.worker(Scripted::new(|_: &str| is(Category::Food)));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.counts().await.completed, 30);
}

#[tokio::test]
async fn row_whose_categorisation_panics_fails_alone() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Scripted::new(|id: &str| match id {
        "tx_0001" => panic!("a defect of the categoriser"),
        _ => is(Category::Food),
    }));
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let done = row("completed", 1, Some("Food"), None);
    let reason = "the categoriser cannot process the transaction";
    assert_eq!(bench.rows().await, [done.clone(), row("failed", 1, None, Some(reason)), done]);
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

/// Finishing locks some rows of a batch, in the order of their ids, as a batch that updates all
/// rows does.
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
        let deadline = std::time::SystemTime::now() + LONG;
        let (ending, written) =
            tokio::join!(worker.work(&message, deadline), write(&other, tenant, &revised));
        ending.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let (batch, written) = written.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_eq!(written.updated, 100);
        message.batch = batch;
    }
}
