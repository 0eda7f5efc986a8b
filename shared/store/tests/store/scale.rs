//! A batch of ten thousand costs about ten times what a thousand cost: no plan is quadratic.

use std::time::{Duration, Instant};

use tributary_store::transactions::Written;
use tributary_testkit::ledger::{booking, bookings};

use crate::ledger::{LEASE, Ledger, SHOPPING, ids};

const SMALL: usize = 1_000;
const LARGE: usize = 10_000;
/// Ten times the rows; the rest is for a machine that does other things too. Quadratic would be 100.
const RATIO_MAX: u32 = 20;
/// How often a measurement may be disturbed.
const TRIES: usize = 5;
/// What enrich claims at a time.
const CLAIM: i64 = 500;

/// What each step of a batch took.
#[derive(Debug)]
struct Timings {
    insert: Duration,
    repeat: Duration,
    enrich: Duration,
    revise: Duration,
    /// The same with the statistics that autovacuum brings sooner or later, and other plans with them.
    revise_analyzed: Duration,
    progress: Duration,
}

impl Timings {
    fn steps(&self) -> [(&'static str, Duration); 6] {
        [
            ("insert", self.insert),
            ("repeat", self.repeat),
            ("enrich", self.enrich),
            ("revise", self.revise),
            ("revise analyzed", self.revise_analyzed),
            ("progress", self.progress),
        ]
    }
}

/// A batch of `count` in a ledger of its own, from insert to revision.
async fn measure(count: usize) -> Timings {
    let ledger = Ledger::new().await;
    let total = i32::try_from(count).unwrap();
    let written = |inserted, updated, unchanged| Written { inserted, updated, unchanged };
    // Connects, so that no step pays for it.
    ledger.write(&[booking("warm", "1")]).await;

    let started = Instant::now();
    let (batch, wrote) = ledger.write(&bookings(count, "-0.10")).await;
    let insert = started.elapsed();
    assert_eq!(wrote, written(total, 0, 0));

    let started = Instant::now();
    let (_, wrote) = ledger.write(&bookings(count, "-0.10")).await;
    let repeat = started.elapsed();
    assert_eq!(wrote, written(0, 0, total));

    let started = Instant::now();
    loop {
        let (lease, claimed) = ledger.claim(batch, LEASE, CLAIM).await;
        if claimed.is_empty() {
            break;
        }
        ledger.finish(&lease, &ids(&claimed), Ok(SHOPPING)).await;
    }
    let enrich = started.elapsed();

    let started = Instant::now();
    let completed = ledger.progress(batch).await.counts.completed;
    let progress = started.elapsed();
    assert_eq!(usize::try_from(completed), Ok(count));

    let started = Instant::now();
    let (_, wrote) = ledger.write(&bookings(count, "-0.20")).await;
    let revise = started.elapsed();
    assert_eq!(wrote, written(0, total, 0));

    sqlx::query("analyze").execute(&mut ledger.database.connection().await).await.unwrap();
    let started = Instant::now();
    let (_, wrote) = ledger.write(&bookings(count, "-0.30")).await;
    let revise_analyzed = started.elapsed();
    assert_eq!(wrote, written(0, total, 0));
    Timings { insert, repeat, enrich, revise, revise_analyzed, progress }
}

#[tokio::test]
async fn ten_times_the_transactions_take_about_ten_times_as_long() {
    let mut tries = Vec::new();
    for _ in 0..TRIES {
        let (small, large) = (measure(SMALL).await, measure(LARGE).await);
        let is_linear = small
            .steps()
            .iter()
            .zip(large.steps())
            .all(|((_, small), (_, large))| large < *small * RATIO_MAX);
        eprintln!("{SMALL}: {small:?}\n{LARGE}: {large:?}");
        if is_linear {
            return;
        }
        tries.push((small, large));
    }
    panic!("never linear: {tries:#?}");
}
