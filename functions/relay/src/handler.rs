//! The use case: independent chores, which take turns until nothing is left or the time is up.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use tracing::{error, info, warn};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::{Metrics, table};
use tributary_queue::{EnrichMessage, Queue};
use tributary_store::announcements::{self, Announcement};
use tributary_store::{Store, StoreError, backlog, report, retention};

use crate::chore::{Chore, Step};
use crate::retention::Retention;

/// The most batches that one turn announces.
const ANNOUNCE_MAX: i64 = 20;
/// How long until an announcement is due again whose messages were not sent.
const ANNOUNCE_RETRY: Duration = Duration::from_secs(60);
/// So many failed sends in a row mean that the queue is unavailable.
const SEND_FAILURES_MAX: usize = 3;
/// The most packs that one turn folds.
const FOLD_MAX: i64 = 200;
/// The most rows that one turn deletes.
const DELETE_MAX: i64 = 10_000;
/// The most batches that one turn examines.
const EXAMINE_MAX: i64 = 500;
/// The most transactions of the batches that one turn examines.
const MEMBERS_MAX: i64 = 20_000;
/// The most transactions that one turn deletes, apart from pending ones that they replace. Their
/// accounts are locked meanwhile.
const DELETE_TRANSACTIONS_MAX: i64 = 2_000;
/// The most accounts whose transactions one turn examines.
const ACCOUNTS_MAX: i64 = 100;
/// How long relay pauses after it has examined the transactions of every account.
const PASS_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long before the deadline relay starts no further turn.
const STOP_BEFORE_DEADLINE: Duration = Duration::from_secs(15);
/// The default of `REQUEUE_AFTER_MS`.
pub const REQUEUE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The handler of relay.
#[derive(Debug)]
pub struct Relay {
    store: Store,
    queue: Queue,
    requeue_after: Duration,
    retention: Retention,
    metrics: Metrics,
}

/// The work of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Batches that were announced.
    pub announced: u64,
    /// Packs that were folded.
    pub folded: u64,
    /// Days without transactions that were deleted.
    pub deleted: u64,
    /// Batches whose list of transactions was removed.
    pub lists_dropped: u64,
    /// Batches that were deleted.
    pub batches_deleted: u64,
    /// Revisions that were deleted.
    pub revisions_deleted: u64,
    /// Transactions that were deleted.
    pub transactions_deleted: u64,
    /// Records of deleted transactions that were deleted.
    pub records_deleted: u64,
}

/// Some chores failed. The others did their work, and the next run does what is left.
#[derive(Debug, thiserror::Error)]
#[error("{} of {} chores failed", .0, Chore::ALL.len())]
pub struct RelayError(usize);

impl Relay {
    /// Announces the batches of a store on a queue and records `metrics`. A batch is announced again
    /// if it is not finished and no worker has claimed work of it for `requeue_after`. Removes what
    /// is older than `retention`.
    #[must_use]
    pub const fn new(
        store: Store,
        queue: Queue,
        requeue_after: Duration,
        retention: Retention,
        metrics: Metrics,
    ) -> Self {
        Self { store, queue, requeue_after, retention, metrics }
    }

    /// Does all due work, or as much as possible before the deadline. The chores take turns, so
    /// that one with much work does not delay the others. A failed one has no further turn.
    ///
    /// # Errors
    /// [`RelayError`] if a chore failed.
    pub async fn run(&self, deadline: SystemTime) -> Result<Outcome, RelayError> {
        self.metrics.count(&table::MESSAGES_SENT, 0);
        for chore in Chore::ALL {
            self.metrics.count(chore.failures(), 0);
        }
        let mut outcome = Outcome::default();
        let mut failed = 0;
        let mut waiting = Chore::ALL.to_vec();
        while !waiting.is_empty() && is_time_left(deadline) {
            for chore in std::mem::take(&mut waiting) {
                // Boxed, since the compiler limits how deep futures can be nested.
                match Box::pin(self.take_turn(chore, deadline)).await {
                    Ok(step) => {
                        *outcome.of(chore) += step.done;
                        if step.is_more {
                            waiting.push(chore);
                        }
                    }
                    Err(error) => {
                        error!(chore = chore.name(), error = %Chain(&error), "chore failed");
                        self.metrics.count(chore.failures(), 1);
                        failed += 1;
                    }
                }
            }
        }
        if let Err(error) = self.measure_backlog().await {
            warn!(error = %Chain(&error), "backlog is unknown");
        }
        if failed == 0 { Ok(outcome) } else { Err(RelayError(failed)) }
    }

    async fn take_turn(&self, chore: Chore, deadline: SystemTime) -> Result<Step, StoreError> {
        match chore {
            Chore::Announce => self.announce(deadline).await,
            Chore::Fold => {
                let mut tx = self.store.begin_for_all().await?;
                let folded = report::fold(&mut tx, FOLD_MAX).await;
                let folded = tributary_store::end(tx, folded).await?;
                Ok(Step::of(u64::try_from(folded).unwrap_or_default(), FOLD_MAX))
            }
            Chore::DeleteEmptyDays => {
                let mut tx = self.store.begin_for_all().await?;
                let deleted = report::delete_empty_days(&mut tx, DELETE_MAX).await;
                Ok(Step::of(tributary_store::end(tx, deleted).await?, DELETE_MAX))
            }
            Chore::DropMembers => {
                let Some(days) = self.retention.bookkeeping.limit() else {
                    return Ok(Step::NOTHING);
                };
                let mut tx = self.store.begin_for_all().await?;
                let turn = retention::drop_members(&mut tx, days, EXAMINE_MAX, MEMBERS_MAX).await;
                Ok(Step::of_examined(tributary_store::end(tx, turn).await?))
            }
            Chore::DeleteBatches => {
                let Some(days) = self.retention.bookkeeping.limit() else {
                    return Ok(Step::NOTHING);
                };
                let mut tx = self.store.begin_for_all().await?;
                let turn = retention::delete_batches(&mut tx, days, EXAMINE_MAX).await;
                Ok(Step::of_examined(tributary_store::end(tx, turn).await?))
            }
            Chore::DeleteRevisions => {
                let Some(days) = self.retention.revisions.limit() else {
                    return Ok(Step::NOTHING);
                };
                let mut tx = self.store.begin_for_all().await?;
                let deleted = retention::delete_revisions(&mut tx, days, DELETE_MAX).await;
                let deleted = tributary_store::end(tx, deleted).await?;
                Ok(Step::of(deleted.unsigned_abs(), DELETE_MAX))
            }
            Chore::DeleteTransactions => {
                let Some(days) = self.retention.transactions.limit() else {
                    return Ok(Step::NOTHING);
                };
                let mut tx = self.store.begin_for_all().await?;
                let turn = retention::delete_transactions(
                    &mut tx,
                    days,
                    DELETE_TRANSACTIONS_MAX,
                    ACCOUNTS_MAX,
                    PASS_PAUSE,
                )
                .await;
                let turn = tributary_store::end(tx, turn).await?;
                Ok(Step { done: turn.done.unsigned_abs(), is_more: turn.is_more })
            }
            Chore::DeleteRecords => {
                let Some(days) = self.retention.records() else { return Ok(Step::NOTHING) };
                let mut tx = self.store.begin_for_all().await?;
                let deleted = retention::delete_records(&mut tx, days, DELETE_MAX).await;
                Ok(Step::of(tributary_store::end(tx, deleted).await?, DELETE_MAX))
            }
        }
    }

    /// Announces the next due batches. No database transaction is open during the sends. A batch
    /// whose messages SQS refuses delays no other: it is due again in a minute.
    async fn announce(&self, deadline: SystemTime) -> Result<Step, StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let retry = ANNOUNCE_RETRY.min(self.requeue_after);
        let due = announcements::take_due(&mut tx, ANNOUNCE_MAX, retry).await;
        let due = tributary_store::end(tx, due).await?;
        let taken = u64::try_from(due.len()).unwrap_or_default();
        let mut sent = Vec::new();
        let mut failures = 0;
        for announcement in due {
            if failures == SEND_FAILURES_MAX || !is_time_left(deadline) {
                break;
            }
            if self.send(&announcement).await {
                failures = 0;
                sent.push(announcement);
            } else {
                failures += 1;
            }
        }
        let mut tx = self.store.begin_for_all().await?;
        let marked = announcements::mark_sent(&mut tx, &sent, self.requeue_after).await;
        tributary_store::end(tx, marked).await?;
        let done = u64::try_from(sent.len()).unwrap_or_default();
        let is_more = failures < SEND_FAILURES_MAX && Step::of(taken, ANNOUNCE_MAX).is_more;
        Ok(Step { done, is_more })
    }

    async fn send(&self, announcement: &Announcement) -> bool {
        let message = EnrichMessage { tenant: announcement.tenant, batch: announcement.batch };
        let count = usize::try_from(announcement.message_count).unwrap_or(1);
        let trace = announcement.trace_header.as_deref();
        let sent = self.queue.send(&message, count, &announcement.correlation_id, trace).await;
        let (batch_id, correlation_id) = (announcement.batch, &announcement.correlation_id);
        match &sent {
            Ok(()) => {
                info!(%batch_id, correlation_id, "batch announced");
                let messages = u64::try_from(announcement.message_count).unwrap_or_default();
                self.metrics.count(&table::MESSAGES_SENT, messages);
            }
            Err(error) => {
                let error = Chain(error);
                self.metrics.count(&table::ANNOUNCE_FAILURES, 1);
                warn!(%batch_id, correlation_id, %error, "send failed; it is due again in a minute");
            }
        }
        sent.is_ok()
    }

    /// Records the remaining work.
    async fn measure_backlog(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin_for_all().await?;
        let left = backlog::measure(&mut tx).await;
        let left = tributary_store::end(tx, left).await?;
        for (metric, value) in [
            (&table::UNFINISHED_BATCHES, left.unfinished_batches),
            (&table::OLDEST_UNFINISHED_BATCH_AGE, left.oldest_age_s),
            (&table::ANNOUNCEMENTS_DUE, left.announcements_due),
        ] {
            self.metrics.observe(metric, u64::try_from(value).unwrap_or_default());
        }
        Ok(())
    }
}

impl Outcome {
    fn of(&mut self, chore: Chore) -> &mut u64 {
        match chore {
            Chore::Announce => &mut self.announced,
            Chore::Fold => &mut self.folded,
            Chore::DeleteEmptyDays => &mut self.deleted,
            Chore::DropMembers => &mut self.lists_dropped,
            Chore::DeleteBatches => &mut self.batches_deleted,
            Chore::DeleteRevisions => &mut self.revisions_deleted,
            Chore::DeleteTransactions => &mut self.transactions_deleted,
            Chore::DeleteRecords => &mut self.records_deleted,
        }
    }
}

fn is_time_left(deadline: SystemTime) -> bool {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left > STOP_BEFORE_DEADLINE
}
