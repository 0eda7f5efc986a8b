//! The states of a transaction: `pending` → `processing` → `completed` | `failed`; and of a batch.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The enrichment status of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransactionStatus {
    /// Committed, waiting for a worker.
    Pending,
    /// Held by a worker under a lease.
    Processing,
    /// Categorised.
    Completed,
    /// Failed permanently, with a reason; can be retried.
    Failed,
}

impl TransactionStatus {
    /// Every status, in the order of the life cycle.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Processing, Self::Completed, Self::Failed];

    /// The name in SQL and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for TransactionStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text is not the name of a status.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of pending, processing, completed, failed")]
pub struct UnknownStatus;

impl FromStr for TransactionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// The number of transactions in each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatusCounts {
    /// Waiting for a worker.
    pub pending: i64,
    /// Held by a worker.
    pub processing: i64,
    /// Categorised.
    pub completed: i64,
    /// Failed permanently.
    pub failed: i64,
}

impl StatusCounts {
    /// Adds `count` transactions of a status.
    pub const fn add(&mut self, status: TransactionStatus, count: i64) {
        match status {
            TransactionStatus::Pending => self.pending += count,
            TransactionStatus::Processing => self.processing += count,
            TransactionStatus::Completed => self.completed += count,
            TransactionStatus::Failed => self.failed += count,
        }
    }

    /// The number of transactions in all statuses.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.pending + self.processing + self.completed + self.failed
    }

    /// Whether enrichment is finished.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.pending == 0 && self.processing == 0
    }
}

/// The status of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// Not finished.
    Open,
    /// Finished, and none of its transactions had failed then.
    Finished,
    /// Finished with failed transactions.
    Failed,
}

impl BatchStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Finished, Self::Failed];

    /// The name in SQL and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

/// The text is not the name of a status of a batch.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of open, finished, failed")]
pub struct UnknownBatchStatus;

impl FromStr for BatchStatus {
    type Err = UnknownBatchStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownBatchStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_parsed_from_its_name() {
        for status in TransactionStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("Pending".parse::<TransactionStatus>(), Err(UnknownStatus));
        for status in BatchStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("pending".parse::<BatchStatus>(), Err(UnknownBatchStatus));
    }

    #[test]
    fn counts_add_up_to_their_total() {
        let mut counts = StatusCounts::default();
        for (status, count) in TransactionStatus::ALL.into_iter().zip(1..) {
            counts.add(status, count);
        }
        assert_eq!(counts, StatusCounts { pending: 1, processing: 2, completed: 3, failed: 4 });
        assert_eq!(counts.total(), 10);
        assert!(!counts.is_settled());
    }
}
