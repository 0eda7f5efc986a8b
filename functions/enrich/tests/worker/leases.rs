//! Several workers on one batch, and one that comes back after its lease was taken over.

use std::sync::Arc;
use std::time::Duration;

use enrich::{Ending, Limits};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tributary_domain::categorise::Category;

use crate::bench::{Bench, Says, Waits, is, row};

#[tokio::test]
async fn a_worker_that_comes_back_after_its_lease_was_taken_over_changes_nothing() {
    let bench = Bench::with_batch(2).await;
    let (asleep, wake_up) = (Arc::new(Notify::new()), CancellationToken::new());
    let (is_asleep, woken) = (Arc::clone(&asleep), wake_up.clone());
    let expired = Limits { lease: Duration::ZERO, stop_before_deadline: Duration::ZERO };
    let sleeper = bench.worker_within(
        expired,
        CancellationToken::new(),
        Waits(move || {
            is_asleep.notify_one();
            let woken = woken.clone();
            async move {
                woken.cancelled().await;
                is(Category::Travel)
            }
        }),
    );
    let other = bench.worker(Says::new(|_: &str| is(Category::Food)));
    let take_over = async {
        asleep.notified().await;
        let ending = bench.work(&other).await.unwrap();
        wake_up.cancel();
        ending
    };
    let (slept, took_over) = tokio::join!(bench.work(&sleeper), take_over);
    assert_eq!((slept.unwrap(), took_over), (Ending::NothingLeft, Ending::NothingLeft));
    let expected = row("completed", 2, Some("Food"), None);
    assert_eq!(bench.rows().await, [expected.clone(), expected]);
}

#[tokio::test]
async fn four_workers_on_one_batch_categorise_every_row_exactly_once() {
    let bench = Bench::with_batch(2_000).await;
    let worker = || {
        bench.worker(Waits(|| async {
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
async fn the_last_of_two_workers_finishes_the_batch() {
    let bench = Bench::with_batch(1).await;
    let (asleep, wake_up) = (Arc::new(Notify::new()), CancellationToken::new());
    let (is_asleep, woken) = (Arc::clone(&asleep), wake_up.clone());
    let last = bench.worker(Waits(move || {
        is_asleep.notify_one();
        let woken = woken.clone();
        async move {
            woken.cancelled().await;
            is(Category::Food)
        }
    }));
    let other = bench.worker(Says::new(|_: &str| is(Category::Food)));
    let too_early = async {
        asleep.notified().await;
        // Its message is worked off; what the first holds is the first's, or its message's.
        assert_eq!(bench.work(&other).await.unwrap(), Ending::NothingLeft);
        let finished_at = bench.progress().await.finished_at;
        wake_up.cancel();
        finished_at
    };
    let (ended, finished_at) = tokio::join!(bench.work(&last), too_early);
    assert_eq!((ended.unwrap(), finished_at), (Ending::NothingLeft, None));
    assert!(bench.progress().await.finished_at.is_some());
}
