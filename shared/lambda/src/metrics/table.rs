//! Every metric: its name, its unit, its dimensions and who measures it. The one list of them, to which
//! tests hold what functions log, and what a dashboard or an alarm asks for.

/// The namespace of all of them.
pub const NAMESPACE: &str = "Tributary";

/// What a metric is told apart by. None is ever of a person or a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The deployment, by `METRICS_STACK`.
    Stack,
    /// The function, by the name of its package.
    Function,
    /// A top-level category.
    Category,
}

/// What a metric's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many.
    Count,
    /// So long.
    Milliseconds,
    /// So long.
    Seconds,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// What it is told apart by: its one set of dimensions.
    pub dimensions: &'static [Dimension],
    /// The functions that measure it.
    pub functions: &'static [&'static str],
}

const STACK: &[Dimension] = &[Dimension::Stack];
const INGEST: &[&str] = &["ingest"];
const ENRICH: &[&str] = &["enrich"];
const RELAY: &[&str] = &["relay"];
const EVERY: &[&str] = &["authorize", "ingest", "enrich", "report", "health", "relay", "admin"];

const fn metric(name: &'static str, unit: Unit, functions: &'static [&'static str]) -> Metric {
    Metric { name, unit, dimensions: STACK, functions }
}

/// Batches that were taken in.
pub static BATCHES_ACCEPTED: Metric = metric("BatchesAccepted", Unit::Count, INGEST);
/// Batches that had been taken in before.
pub static BATCHES_REPLAYED: Metric = metric("BatchesReplayed", Unit::Count, INGEST);
/// Batches that were refused by their caller's fault (4xx).
pub static BATCHES_REJECTED: Metric = metric("BatchesRejected", Unit::Count, INGEST);
/// Transactions of accepted batches that nobody had.
pub static TRANSACTIONS_INSERTED: Metric = metric("TransactionsInserted", Unit::Count, INGEST);
/// Transactions of accepted batches that were known with other content.
pub static TRANSACTIONS_UPDATED: Metric = metric("TransactionsUpdated", Unit::Count, INGEST);
/// Transactions of accepted batches that were known as they are.
pub static TRANSACTIONS_UNCHANGED: Metric = metric("TransactionsUnchanged", Unit::Count, INGEST);
/// Transactions that got a category.
pub static TRANSACTIONS_COMPLETED: Metric = metric("TransactionsCompleted", Unit::Count, ENRICH);
/// Transactions that were given up.
pub static TRANSACTIONS_FAILED: Metric = metric("TransactionsFailed", Unit::Count, ENRICH);
/// Attempts that are to be made again.
pub static TRANSACTIONS_RETRIED: Metric = metric("TransactionsRetried", Unit::Count, ENRICH);
/// From a batch's acceptance to its end.
pub static ENRICHMENT_LAG: Metric = metric("EnrichmentLag", Unit::Milliseconds, ENRICH);
/// From a message's sending to its receipt.
pub static QUEUE_AGE: Metric = metric("QueueAge", Unit::Milliseconds, ENRICH);
/// Transactions that got a category, by category.
pub static TRANSACTIONS_CATEGORISED: Metric = Metric {
    name: "TransactionsCategorised",
    unit: Unit::Count,
    dimensions: &[Dimension::Stack, Dimension::Category],
    functions: ENRICH,
};
/// Batches with work left, as relay ends.
pub static UNFINISHED_BATCHES: Metric = metric("UnfinishedBatches", Unit::Count, RELAY);
/// How long ago the oldest of them was accepted; zero if there is none.
pub static OLDEST_UNFINISHED_BATCH_AGE: Metric =
    metric("OldestUnfinishedBatchAge", Unit::Seconds, RELAY);
/// Messages that are owed to the queue, as relay ends.
pub static MESSAGES_UNSENT: Metric = metric("MessagesUnsent", Unit::Count, RELAY);
/// OutboxEntry messages that relay sent.
pub static MESSAGES_SENT: Metric = metric("MessagesSent", Unit::Count, RELAY);
/// Processes that had to start for an invocation.
pub static COLD_STARTS: Metric = Metric {
    name: "ColdStarts",
    unit: Unit::Count,
    dimensions: &[Dimension::Stack, Dimension::Function],
    functions: EVERY,
};

/// All of them.
pub static METRICS: &[&Metric] = &[
    &BATCHES_ACCEPTED,
    &BATCHES_REPLAYED,
    &BATCHES_REJECTED,
    &TRANSACTIONS_INSERTED,
    &TRANSACTIONS_UPDATED,
    &TRANSACTIONS_UNCHANGED,
    &TRANSACTIONS_COMPLETED,
    &TRANSACTIONS_FAILED,
    &TRANSACTIONS_RETRIED,
    &ENRICHMENT_LAG,
    &QUEUE_AGE,
    &TRANSACTIONS_CATEGORISED,
    &UNFINISHED_BATCHES,
    &OLDEST_UNFINISHED_BATCH_AGE,
    &MESSAGES_UNSENT,
    &MESSAGES_SENT,
    &COLD_STARTS,
];

impl Dimension {
    /// Its name.
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
    /// As CloudWatch writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}
