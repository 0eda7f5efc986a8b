//! Every metric with its name, unit, dimensions and functions. Tests compare this list with the
//! logs of the functions and with the dashboard and alarms.

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Tributary";

/// A dimension of a metric. Dimensions never identify a person or a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The deployment: `METRICS_STACK`.
    Stack,
    /// The name of the function.
    Function,
    /// A top-level category.
    Category,
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count.
    Count,
    /// A duration in milliseconds.
    Milliseconds,
    /// A duration in seconds.
    Seconds,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Its one set of dimensions.
    pub dimensions: &'static [Dimension],
    /// The functions that record it.
    pub functions: &'static [&'static str],
}

const STACK: &[Dimension] = &[Dimension::Stack];
const INGEST: &[&str] = &["ingest"];
const ENRICH: &[&str] = &["enrich"];
const RELAY: &[&str] = &["relay"];
const EVERY: &[&str] =
    &["authorize", "ingest", "enrich", "report", "keys", "health", "pages", "relay", "admin"];

const fn metric(name: &'static str, unit: Unit, functions: &'static [&'static str]) -> Metric {
    Metric { name, unit, dimensions: STACK, functions }
}

/// Accepted batches.
pub static BATCHES_ACCEPTED: Metric = metric("BatchesAccepted", Unit::Count, INGEST);
/// Replayed batches.
pub static BATCHES_REPLAYED: Metric = metric("BatchesReplayed", Unit::Count, INGEST);
/// Batches that were rejected with a 4xx status.
pub static BATCHES_REJECTED: Metric = metric("BatchesRejected", Unit::Count, INGEST);
/// New transactions of accepted batches.
pub static TRANSACTIONS_INSERTED: Metric = metric("TransactionsInserted", Unit::Count, INGEST);
/// Changed transactions of accepted batches.
pub static TRANSACTIONS_UPDATED: Metric = metric("TransactionsUpdated", Unit::Count, INGEST);
/// Unchanged transactions of accepted batches.
pub static TRANSACTIONS_UNCHANGED: Metric = metric("TransactionsUnchanged", Unit::Count, INGEST);
/// Removed transactions of accepted batches.
pub static TRANSACTIONS_REMOVED: Metric = metric("TransactionsRemoved", Unit::Count, INGEST);
/// Categorised transactions.
pub static TRANSACTIONS_COMPLETED: Metric = metric("TransactionsCompleted", Unit::Count, ENRICH);
/// Failed transactions.
pub static TRANSACTIONS_FAILED: Metric = metric("TransactionsFailed", Unit::Count, ENRICH);
/// Attempts that must be retried.
pub static TRANSACTIONS_RETRIED: Metric = metric("TransactionsRetried", Unit::Count, ENRICH);
/// The time from the acceptance of a batch to its completion.
pub static ENRICHMENT_LAG: Metric = metric("EnrichmentLag", Unit::Milliseconds, ENRICH);
/// The time from the send of a message to its receipt.
pub static QUEUE_AGE: Metric = metric("QueueAge", Unit::Milliseconds, ENRICH);
/// Categorised transactions by category.
pub static TRANSACTIONS_CATEGORISED: Metric = Metric {
    name: "TransactionsCategorised",
    unit: Unit::Count,
    dimensions: &[Dimension::Stack, Dimension::Category],
    functions: ENRICH,
};
/// Batches with work left at the end of a relay run.
pub static UNFINISHED_BATCHES: Metric = metric("UnfinishedBatches", Unit::Count, RELAY);
/// The age of the oldest unfinished batch; zero if there is none.
pub static OLDEST_UNFINISHED_BATCH_AGE: Metric =
    metric("OldestUnfinishedBatchAge", Unit::Seconds, RELAY);
/// Batches that are due to be announced at the end of a relay run.
pub static ANNOUNCEMENTS_DUE: Metric = metric("AnnouncementsDue", Unit::Count, RELAY);
/// Messages that relay sent.
pub static MESSAGES_SENT: Metric = metric("MessagesSent", Unit::Count, RELAY);
/// Batches that relay could not announce, and runs in which it could not read them.
pub static ANNOUNCE_FAILURES: Metric = metric("AnnounceFailures", Unit::Count, RELAY);
/// Relay runs in which folding sums failed.
pub static FOLD_FAILURES: Metric = metric("FoldFailures", Unit::Count, RELAY);
/// Relay runs in which deleting rows that are no longer needed failed.
pub static CLEANUP_FAILURES: Metric = metric("CleanupFailures", Unit::Count, RELAY);
/// Started processes.
pub static COLD_STARTS: Metric = Metric {
    name: "ColdStarts",
    unit: Unit::Count,
    dimensions: &[Dimension::Stack, Dimension::Function],
    functions: EVERY,
};

/// Every metric.
pub static METRICS: &[&Metric] = &[
    &BATCHES_ACCEPTED,
    &BATCHES_REPLAYED,
    &BATCHES_REJECTED,
    &TRANSACTIONS_INSERTED,
    &TRANSACTIONS_UPDATED,
    &TRANSACTIONS_UNCHANGED,
    &TRANSACTIONS_REMOVED,
    &TRANSACTIONS_COMPLETED,
    &TRANSACTIONS_FAILED,
    &TRANSACTIONS_RETRIED,
    &ENRICHMENT_LAG,
    &QUEUE_AGE,
    &TRANSACTIONS_CATEGORISED,
    &UNFINISHED_BATCHES,
    &OLDEST_UNFINISHED_BATCH_AGE,
    &ANNOUNCEMENTS_DUE,
    &MESSAGES_SENT,
    &ANNOUNCE_FAILURES,
    &FOLD_FAILURES,
    &CLEANUP_FAILURES,
    &COLD_STARTS,
];

impl Dimension {
    /// The name in CloudWatch.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stack => "Stack",
            Self::Function => "Function",
            Self::Category => "Category",
        }
    }
}

impl Unit {
    /// The name in CloudWatch.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}
