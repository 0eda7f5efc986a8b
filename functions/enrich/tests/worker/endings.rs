//! How the processing of a batch ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use enrich::{Ending, LatencyRange, Limits, SimulatedLatency};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;
use tributary_domain::categorise::Category;
use tributary_domain::{BatchId, StatusCounts, TenantId};
use tributary_queue::EnrichMessage;
use uuid::Uuid;

use crate::bench::{Async, Bench, DEADLINE, LONG, Scripted, is, limits};

/// The most rows of a claim.
const CLAIM: i64 = 500;

fn food() -> Scripted<impl Fn(&str) -> crate::bench::CategorizeResult + Send + Sync> {
    Scripted::new(|_: &str| is(Category::Food))
}

#[tokio::test]
async fn worker_near_its_deadline_claims_nothing() {
    let bench = Bench::with_batch(3).await;
    let limits = limits(LONG, Duration::from_secs(10));
    let worker = bench.worker_within(limits, CancellationToken::new(), food());
    let soon = SystemTime::now() + Duration::from_secs(9);
    assert_eq!(worker.work(&bench.message, soon).await.unwrap(), Ending::OutOfTime);
    let past = SystemTime::UNIX_EPOCH;
    assert_eq!(worker.work(&bench.message, past).await.unwrap(), Ending::OutOfTime);
    assert!(
        bench
            .rows()
            .await
            .iter()
            .all(|(status, attempts, ..)| { status == "pending" && *attempts == 0 })
    );
}

#[tokio::test]
async fn worker_finishes_its_claim_and_leaves_the_rest_at_the_deadline() {
    let bench = Bench::with_batch(501).await;
    let limits = limits(LONG, DEADLINE);
    // The first claim takes longer than the time left.
    let slow = SimulatedLatency::new(food(), "600-600".parse::<LatencyRange>().unwrap());
    let worker = bench.worker_within(limits, CancellationToken::new(), slow);
    let deadline = SystemTime::now() + DEADLINE + Duration::from_millis(500);
    assert_eq!(worker.work(&bench.message, deadline).await.unwrap(), Ending::OutOfTime);
    let expected = StatusCounts { pending: 1, processing: 0, completed: CLAIM, failed: 0 };
    assert_eq!(bench.counts().await, expected);

    let next = bench.worker(food());
    assert_eq!(bench.work(&next).await.unwrap(), Ending::NothingLeft);
    assert_eq!(bench.counts().await.completed, 501);
}

#[tokio::test]
async fn worker_begins_no_claim_after_its_turn() {
    let bench = Bench::with_batch(1_001).await;
    let limits = Limits { turn: Duration::ZERO, ..limits(LONG, Duration::ZERO) };
    let worker = bench.worker_within(limits, CancellationToken::new(), food());
    for (completed, expected) in
        [(500, Ending::OutOfTime), (1_000, Ending::OutOfTime), (1_001, Ending::NothingLeft)]
    {
        assert_eq!(bench.work(&worker).await.unwrap(), expected);
        assert_eq!(bench.counts().await.completed, completed, "each turn processes one claim");
    }
}

#[tokio::test]
async fn sums_are_folded_after_many_rows_and_left_to_relay_after_few() {
    for (rows, days) in [(249, 0), (250, 1)] {
        let bench = Bench::with_batch(rows).await;
        assert_eq!(bench.work(&bench.worker(food())).await.unwrap(), Ending::NothingLeft);
        let folded: i64 = sqlx::query_scalar("select count(*) from report_days")
            .fetch_one(&mut bench.database.connection().await)
            .await
            .unwrap();
        assert_eq!(folded, days, "{rows} rows of one day");
    }
}

#[tokio::test]
async fn duplicate_message_finds_no_work() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(food());
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let (rows, finished_at) = (bench.rows().await, bench.progress().await.finished_at);
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!((bench.rows().await, bench.progress().await.finished_at), (rows, finished_at));
}

#[tokio::test]
async fn message_of_an_unknown_batch_does_nothing() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Scripted::new(|_: &str| panic!("there are no rows")));
    let other_tenant = EnrichMessage { tenant: TenantId(Uuid::now_v7()), ..bench.message };
    let unknown = EnrichMessage { batch: BatchId(Uuid::now_v7()), ..bench.message };
    for message in [other_tenant, unknown] {
        let ending = worker.work(&message, SystemTime::now() + LONG).await.unwrap();
        assert_eq!(ending, Ending::NothingLeft);
    }
    assert_eq!(bench.counts().await.pending, 3);
}

#[tokio::test]
async fn stopped_worker_releases_its_rows() {
    let bench = Bench::with_batch(3).await;
    let stop = CancellationToken::new();
    let request = stop.clone();
    // The request to stop arrives during categorisation.
    let worker = bench.worker_within(
        limits(LONG, Duration::ZERO),
        stop,
        Async(move || {
            request.cancel();
            std::future::pending()
        }),
    );
    let ending = tokio::time::timeout(DEADLINE, bench.work(&worker)).await.unwrap().unwrap();
    assert_eq!(ending, Ending::Stopped);
    let expected = StatusCounts { pending: 3, ..StatusCounts::default() };
    assert_eq!(bench.counts().await, expected, "claimable immediately");
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::Stopped, "it claims nothing more");
    assert_eq!(bench.work(&bench.worker(food())).await.unwrap(), Ending::NothingLeft);
}

#[tokio::test]
async fn rows_of_a_claim_are_categorised_concurrently() {
    let bench = Bench::with_batch(500).await;
    // No call returns before all have begun.
    let all = Arc::new(Barrier::new(500));
    let worker = bench.worker(Async(move || {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            is(Category::Food)
        }
    }));
    let ending = tokio::time::timeout(DEADLINE, bench.work(&worker)).await;
    assert_eq!(ending.expect("some calls wait for others").unwrap(), Ending::NothingLeft);
}

#[tokio::test]
async fn no_database_transaction_is_open_during_categorisation() {
    let bench = Bench::with_batch(1).await;
    let (started, finish) = (Arc::new(tokio::sync::Notify::new()), CancellationToken::new());
    let (has_started, may_finish) = (Arc::clone(&started), finish.clone());
    let worker = bench.worker(Async(move || {
        has_started.notify_one();
        let may_finish = may_finish.clone();
        async move {
            may_finish.cancelled().await;
            is(Category::Food)
        }
    }));
    let mut connection = bench.database.connection().await;
    let open_states = async {
        started.notified().await;
        let open: Vec<String> = sqlx::query_scalar(
            "select state from pg_stat_activity where datname = current_database() \
             and pid <> pg_backend_pid() and state is not null",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        finish.cancel();
        open
    };
    let (ending, states) = tokio::join!(bench.work(&worker), open_states);
    assert_eq!(ending.unwrap(), Ending::NothingLeft);
    assert!(!states.is_empty() && states.iter().all(|state| state == "idle"), "{states:?}");
}
