//! Message move tasks, which redrive messages from a dead-letter queue.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

/// Highest `MaxNumberOfMessagesPerSecond`.
pub(crate) const RATE_PER_S_MAX: u32 = 500;
/// Tasks kept per source queue, and the highest `MaxResults` of `ListMessageMoveTasks`.
pub(crate) const MOVE_TASKS_SHOWN_MAX: usize = 10;

/// The status of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveStatus {
    Running,
    Completed,
    /// The source or a destination does not exist. Contains the failure code.
    Failed(&'static str),
}

impl MoveStatus {
    /// As in `ListMessageMoveTasks`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MoveStatus::Running => "RUNNING",
            MoveStatus::Completed => "COMPLETED",
            MoveStatus::Failed(_) => "FAILED",
        }
    }
}

/// A running or finished task.
#[derive(Debug, Clone)]
pub(crate) struct MoveTask {
    pub(crate) id: Uuid,
    pub(crate) source_arn: String,
    /// `None`: each message returns to its source queue.
    pub(crate) destination_arn: Option<String>,
    pub(crate) rate_per_s: Option<u32>,
    pub(crate) started_at: Instant,
    pub(crate) to_move: usize,
    pub(crate) moved: usize,
    pub(crate) status: MoveStatus,
}

impl MoveTask {
    /// The time between two messages.
    pub(crate) fn interval(&self) -> Duration {
        self.rate_per_s.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate)
    }

    /// `TaskHandle`, in the format that AWS uses.
    pub(crate) fn handle(&self) -> String {
        STANDARD.encode(json!({ "taskId": self.id, "sourceArn": self.source_arn }).to_string())
    }
}
