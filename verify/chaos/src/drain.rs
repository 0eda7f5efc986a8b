//! Waits until a system without faults has processed all its work.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tributary_client::{Method, Request};
use tributary_store::Store;
use tributary_store::check::{self, Unsettled};

use crate::api::Api;
use crate::error::ChaosError;
use crate::request::DEADLY;

const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The time limit after the last fault.
const DRAIN_MAX: Duration = Duration::from_secs(90);
/// How many times failed transactions are retried. One should be sufficient.
const RETRIES_MAX: usize = 3;

/// The result of [`drain`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Drained {
    /// The time it took.
    pub after: Duration,
    /// The work that remained at the time limit; normally none.
    pub remaining: Unsettled,
    /// The number of batches whose failed transactions were retried through the API. A transaction
    /// fails when five workers were killed while they processed it.
    pub retried: usize,
}

/// Waits until no work remains, and retries failed transactions.
pub async fn drain(
    store: &Store,
    api: &Api,
    progress: impl Fn(Unsettled),
) -> Result<Drained, ChaosError> {
    let started = Instant::now();
    let mut drained = Drained::default();
    for _ in 0..=RETRIES_MAX {
        drained.remaining = wait_until_empty(store, started + DRAIN_MAX, &progress).await?;
        drained.after = started.elapsed();
        let failed = batches_with_failures(store).await?;
        if !drained.remaining.is_empty() || failed.is_empty() {
            break;
        }
        drained.retried += failed.len();
        for batch_id in failed {
            let path = ["api", "batches", &batch_id.to_string(), "retry"];
            api.send(&Request::new(Method::POST, &path)).await?;
        }
    }
    Ok(drained)
}

async fn wait_until_empty(
    store: &Store,
    deadline: Instant,
    progress: &impl Fn(Unsettled),
) -> Result<Unsettled, ChaosError> {
    loop {
        let mut tx = store.begin_for_all().await?;
        let remaining = check::unsettled(&mut tx).await?;
        tx.rollback().await.map_err(tributary_store::StoreError::from)?;
        progress(remaining);
        if remaining.is_empty() || Instant::now() > deadline {
            return Ok(remaining);
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn batches_with_failures(store: &Store) -> Result<Vec<uuid::Uuid>, ChaosError> {
    let mut tx = store.begin_for_all().await?;
    let stored = check::stored::transactions(&mut tx).await?;
    // A transaction that kills its workers fails each time.
    let failed = stored
        .iter()
        .filter(|row| row.status == "failed" && row.description != DEADLY)
        .map(|row| row.batch_id);
    let mut failed: Vec<_> = failed.collect();
    failed.sort_unstable();
    failed.dedup();
    Ok(failed)
}
