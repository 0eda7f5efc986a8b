//! Several workers on one batch, and workers whose lease has expired.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use enrich::Ending;
use sqlx::Connection;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tributary_domain::categorise::Category;
use tributary_queue::EnrichMessage;
use tributary_store::Store;
use tributary_testkit::ledger::write;

use crate::bench::{Async, Bench, LONG, Scripted, is, limits, row, sent};

#[tokio::test]
async fn worker_with_an_expired_lease_changes_nothing() {
    let bench = Bench::with_batch(2).await;
    let (started, resume) = (Arc::new(Notify::new()), CancellationToken::new());
    let (has_started, resumed) = (Arc::clone(&started), resume.clone());
    let expired = limits(Duration::ZERO, Duration::ZERO);
    let expired_worker = bench.worker_within(
        expired,
        CancellationToken::new(),
        Async(move || {
            has_started.notify_one();
            let resumed = resumed.clone();
            async move {
                resumed.cancelled().await;
                is(Category::Travel)
            }
        }),
    );
    let other = bench.worker(Scripted::new(|_: &str| is(Category::Food)));
    let process_again = async {
        started.notified().await;
        let ending = bench.work(&other).await.unwrap();
        resume.cancel();
        ending
    };
    let (expired_ending, other_ending) = tokio::join!(bench.work(&expired_worker), process_again);
    assert_eq!((expired_ending.unwrap(), other_ending), (Ending::NothingLeft, Ending::NothingLeft));
    let expected = row("completed", 2, Some("Food"), None);
    assert_eq!(bench.rows().await, [expected.clone(), expected]);
}

#[tokio::test]
async fn four_workers_on_one_batch_categorise_every_row_exactly_once() {
    let bench = Bench::with_batch(2_000).await;
    let worker = || {
        bench.worker(Async(|| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            is(Category::Food)
        }))
    };
    let workers = [worker(), worker(), worker(), worker()];
    let endings = futures::future::join_all(workers.iter().map(|it| bench.work(it))).await;
    assert!(endings.into_iter().all(|ending| ending.unwrap() == Ending::NothingLeft));
    let expected = row("completed", 1, Some("Food"), None);
    let rows = bench.rows().await;
    assert_eq!(rows.len(), 2_000);
    assert!(rows.iter().all(|row| *row == expected));
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn last_of_two_workers_finishes_the_batch() {
    let bench = Bench::with_batch(1).await;
    let (started, resume) = (Arc::new(Notify::new()), CancellationToken::new());
    let (has_started, resumed) = (Arc::clone(&started), resume.clone());
    let last = bench.worker(Async(move || {
        has_started.notify_one();
        let resumed = resumed.clone();
        async move {
            resumed.cancelled().await;
            is(Category::Food)
        }
    }));
    let other = bench.worker(Scripted::new(|_: &str| is(Category::Food)));
    let too_early = async {
        started.notified().await;
        // The claimed row belongs to the first worker, or to its redelivered message.
        assert_eq!(bench.work(&other).await.unwrap(), Ending::NothingLeft);
        let finished_at = bench.progress().await.finished_at;
        resume.cancel();
        finished_at
    };
    let (ended, finished_at) = tokio::join!(bench.work(&last), too_early);
    assert_eq!((ended.unwrap(), finished_at), (Ending::NothingLeft, None));
    assert!(bench.progress().await.finished_at.is_some());
}

#[tokio::test]
async fn batch_that_waits_for_the_connection_does_not_fail_as_unavailable() {
    let bench = Bench::with_batch(1).await;
    let tenant = bench.database.tenant("other").await;
    let (batch, _) = write(&bench.database.store(), tenant, &sent(1, 100)).await.unwrap();
    let other = EnrichMessage { tenant, batch };
    let worker = bench.worker(Scripted::new(|_: &str| is(Category::Food)));

    // The first batch waits for a row lock and so occupies the worker's one connection.
    let mut holder = bench.database.connection().await;
    let mut tx = holder.begin().await.unwrap();
    sqlx::query("select from batches where batch_id = $1 for update")
        .bind(bench.message.batch.0)
        .execute(&mut *tx)
        .await
        .unwrap();
    let release = async {
        tokio::time::sleep(Store::CONNECT_TIMEOUT + Duration::from_millis(500)).await;
        tx.commit().await.unwrap();
    };
    let deadline = SystemTime::now() + LONG;
    let (first, second, ()) =
        tokio::join!(bench.work(&worker), worker.work(&other, deadline), release);
    assert_eq!((first.unwrap(), second.unwrap()), (Ending::NothingLeft, Ending::NothingLeft));
}
