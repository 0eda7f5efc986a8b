//! Waits until a system that is left alone has done its work.

use std::time::Duration;

use reqwest::Method;
use tokio::time::{Instant, sleep};
use tributary_store::Store;
use tributary_store::check::{self, Unsettled};

use crate::ChaosError;
use crate::api::Api;

const POLL: Duration = Duration::from_millis(200);
/// How long a system may take once nothing harms it any more.
const SETTLE_MAX: Duration = Duration::from_secs(90);
/// How often failed transactions are retried: the first time should do.
const RETRIES_MAX: usize = 3;

/// How a system came to rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    /// After so long.
    pub after: Duration,
    /// What was left when patience ended: nothing, if all is well.
    pub left: Unsettled,
    /// Batches whose failed transactions were retried by hand: what a worker was killed over five times
    /// is given up, and waits for that.
    pub retried: usize,
}

/// Waits until nothing is left to do, and has retried what was given up.
pub async fn settle(
    store: &Store,
    api: &Api,
    progress: impl Fn(Unsettled),
) -> Result<Settled, ChaosError> {
    let begun = Instant::now();
    let mut settled = Settled::default();
    for _ in 0..=RETRIES_MAX {
        settled.left = until_nothing_is_left(store, begun + SETTLE_MAX, &progress).await?;
        settled.after = begun.elapsed();
        let failed = batches_with_failed(store).await?;
        if !settled.left.is_nothing() || failed.is_empty() {
            break;
        }
        settled.retried += failed.len();
        for batch_id in failed {
            api.ask(Method::POST, &format!("/api/batches/{batch_id}/retry")).await?;
        }
    }
    Ok(settled)
}

async fn until_nothing_is_left(
    store: &Store,
    deadline: Instant,
    progress: &impl Fn(Unsettled),
) -> Result<Unsettled, ChaosError> {
    loop {
        let mut tx = store.begin_for_all().await?;
        let left = check::unsettled(&mut tx).await?;
        tx.rollback().await.map_err(tributary_store::StoreError::from)?;
        progress(left);
        if left.is_nothing() || Instant::now() > deadline {
            return Ok(left);
        }
        sleep(POLL).await;
    }
}

async fn batches_with_failed(store: &Store) -> Result<Vec<uuid::Uuid>, ChaosError> {
    let mut tx = store.begin_for_all().await?;
    let stored = check::stored::transactions(&mut tx).await?;
    let failed = stored.iter().filter(|row| row.status == "failed").map(|row| row.batch_id);
    let mut failed: Vec<_> = failed.collect();
    failed.sort_unstable();
    failed.dedup();
    Ok(failed)
}
