//! Message move tasks: bringing dead letters back, one message at a time, at a given rate.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

/// Highest `MaxNumberOfMessagesPerSecond`.
pub(crate) const RATE_PER_S_MAX: u32 = 500;
/// Tasks kept per source queue, and the highest `MaxResults` of `ListMessageMoveTasks`.
pub(crate) const MOVE_TASKS_SHOWN_MAX: usize = 10;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MoveStatus {
    Running,
    Completed,
    /// The source or a destination is gone; the code says which rule was broken.
    Failed(&'static str),
}

impl MoveStatus {
    /// As `ListMessageMoveTasks` shows it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MoveStatus::Running => "RUNNING",
            MoveStatus::Completed => "COMPLETED",
            MoveStatus::Failed(_) => "FAILED",
        }
    }
}

/// One task, running or over.
#[derive(Debug, Clone)]
pub(crate) struct MoveTask {
    pub(crate) id: Uuid,
    pub(crate) source_arn: String,
    /// `None`: each message goes back to the queue that gave it up.
    pub(crate) destination_arn: Option<String>,
    pub(crate) rate_per_s: Option<u32>,
    pub(crate) started_at: Instant,
    pub(crate) to_move: usize,
    pub(crate) moved: usize,
    pub(crate) status: MoveStatus,
}

impl MoveTask {
    /// Time from one message to the next.
    pub(crate) fn interval(&self) -> Duration {
        self.rate_per_s.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate)
    }

    /// `TaskHandle`, in the format that AWS uses.
    pub(crate) fn handle(&self) -> String {
        STANDARD.encode(json!({ "taskId": self.id, "sourceArn": self.source_arn }).to_string())
    }
}
