//! How a worker's turn ends, and what it leaves then.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use enrich::{Ending, LatencyRange, Limits, SimulatedLatency};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;
use tributary_domain::categorise::Category;
use tributary_domain::{BatchId, StatusCounts, TenantId};
use tributary_queue::EnrichMessage;
use uuid::Uuid;

use crate::bench::{Bench, DEADLINE, LONG, Says, Waits, is};

/// What a worker claims at a time.
const CLAIM: i64 = 500;

fn food() -> Says<impl Fn(&str) -> crate::bench::Answer + Send + Sync> {
    Says::new(|_: &str| is(Category::Food))
}

#[tokio::test]
async fn a_worker_whose_time_is_nearly_up_claims_nothing() {
    let bench = Bench::with_batch(3).await;
    let limits = Limits { lease: LONG, stop_before_deadline: Duration::from_secs(10) };
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
async fn a_worker_whose_time_runs_out_finishes_what_it_holds_and_leaves_the_rest() {
    let bench = Bench::with_batch(501).await;
    let limits = Limits { lease: LONG, stop_before_deadline: DEADLINE };
    // The first claim takes longer than what is left before the worker has to stop.
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
async fn the_same_message_again_finds_nothing_to_do() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(food());
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    let (rows, finished_at) = (bench.rows().await, bench.progress().await.finished_at);
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::NothingLeft);
    assert_eq!((bench.rows().await, bench.progress().await.finished_at), (rows, finished_at));
}

#[tokio::test]
async fn a_message_of_a_batch_that_the_tenant_does_not_have_does_nothing() {
    let bench = Bench::with_batch(3).await;
    let worker = bench.worker(Says::new(|_: &str| panic!("there is nothing to ask about")));
    let strangers = EnrichMessage { tenant: TenantId(Uuid::now_v7()), ..bench.message };
    let unknown = EnrichMessage { batch: BatchId(Uuid::now_v7()), ..bench.message };
    for message in [strangers, unknown] {
        let ending = worker.work(&message, SystemTime::now() + LONG).await.unwrap();
        assert_eq!(ending, Ending::NothingLeft);
    }
    assert_eq!(bench.counts().await.pending, 3);
}

#[tokio::test]
async fn a_worker_that_is_asked_to_stop_lets_go_of_what_it_holds() {
    let bench = Bench::with_batch(3).await;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    // The request to stop comes while the categoriser thinks.
    let worker = bench.worker_within(
        Limits { lease: LONG, stop_before_deadline: Duration::ZERO },
        stop,
        Waits(move || {
            asked.cancel();
            std::future::pending()
        }),
    );
    let ending = tokio::time::timeout(DEADLINE, bench.work(&worker)).await.unwrap().unwrap();
    assert_eq!(ending, Ending::Stopped);
    let expected = StatusCounts { pending: 3, ..StatusCounts::default() };
    assert_eq!(bench.counts().await, expected, "claimable at once, whatever the lease was");
    assert_eq!(bench.work(&worker).await.unwrap(), Ending::Stopped, "it claims nothing more");
    assert_eq!(bench.work(&bench.worker(food())).await.unwrap(), Ending::NothingLeft);
}

#[tokio::test]
async fn the_rows_of_a_claim_wait_side_by_side() {
    let bench = Bench::with_batch(500).await;
    // Nobody passes before all have come.
    let all = Arc::new(Barrier::new(500));
    let worker = bench.worker(Waits(move || {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            is(Category::Food)
        }
    }));
    let ending = tokio::time::timeout(DEADLINE, bench.work(&worker)).await;
    assert_eq!(ending.expect("some wait for others to end").unwrap(), Ending::NothingLeft);
}

#[tokio::test]
async fn no_database_transaction_is_open_while_a_categoriser_thinks() {
    let bench = Bench::with_batch(1).await;
    let (thinking, think_on) = (Arc::new(tokio::sync::Notify::new()), CancellationToken::new());
    let (is_thinking, may_answer) = (Arc::clone(&thinking), think_on.clone());
    let worker = bench.worker(Waits(move || {
        is_thinking.notify_one();
        let may_answer = may_answer.clone();
        async move {
            may_answer.cancelled().await;
            is(Category::Food)
        }
    }));
    let mut connection = bench.database.connection().await;
    let look = async {
        thinking.notified().await;
        let open: Vec<String> = sqlx::query_scalar(
            "select state from pg_stat_activity where datname = current_database() \
             and pid <> pg_backend_pid() and state is not null",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        think_on.cancel();
        open
    };
    let (ending, states) = tokio::join!(bench.work(&worker), look);
    assert_eq!(ending.unwrap(), Ending::NothingLeft);
    assert!(!states.is_empty() && states.iter().all(|state| state == "idle"), "{states:?}");
}
