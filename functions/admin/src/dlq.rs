//! `dlq_list`, `dlq_redrive`, `dlq_status`: the dead-letter queue.

use serde::{Deserialize, Serialize};
use tributary_queue::{self as queue, DeadLetter};

use crate::context::Admin;
use crate::error::AdminError;
use crate::operation::Operation;

/// The most messages that one list shows.
pub const LIST_MAX: u16 = 1_000;
/// The default limit of a list.
pub const LIST_DEFAULT: u16 = 20;
/// The most bytes of JSON of the messages in one list. A response of Lambda is limited to 6 MB.
const LIST_BYTES_MAX: usize = 5 * 1024 * 1024;

/// List messages without removing them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// The most messages to list.
    pub limit: ListLimit,
}

/// From 1 to [`LIST_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u16")]
pub struct ListLimit(u16);

/// A limit out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {LIST_MAX}")]
pub struct InvalidListLimit;

impl Default for ListLimit {
    fn default() -> Self {
        Self(LIST_DEFAULT)
    }
}

impl TryFrom<u64> for ListLimit {
    type Error = InvalidListLimit;

    fn try_from(limit: u64) -> Result<Self, InvalidListLimit> {
        match u16::try_from(limit) {
            Ok(limit @ 1..=LIST_MAX) => Ok(Self(limit)),
            _ => Err(InvalidListLimit),
        }
    }
}

impl From<ListLimit> for u16 {
    fn from(limit: ListLimit) -> Self {
        limit.0
    }
}

/// The messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The approximate number of messages.
    pub count: u64,
    /// The messages, up to the limit and the size of a response.
    pub letters: Vec<DeadLetter>,
    /// How many more were found within the limit and exceed the size of a response.
    pub left_off: usize,
}

impl Operation for List {
    const NAME: &'static str = "dlq_list";
    type Output = Listed;

    async fn run(self, admin: &Admin) -> Result<Listed, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        let mut letters = dead_letters.list(usize::from(self.limit.0)).await?;
        let found = letters.len();
        letters.truncate(fitting(&letters)?);
        Ok(Listed { count, left_off: found - letters.len(), letters })
    }
}

/// How many of the first letters fit into one response.
fn fitting(letters: &[DeadLetter]) -> Result<usize, serde_json::Error> {
    let mut bytes = 0;
    for (index, letter) in letters.iter().enumerate() {
        bytes += serde_json::to_vec(letter)?.len();
        if bytes > LIST_BYTES_MAX {
            return Ok(index);
        }
    }
    Ok(letters.len())
}

/// Start moving all messages back to their source queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {}

/// The redrive has started, unless the queue was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriving {
    /// The approximate number of messages. If zero, no redrive has started.
    pub count: u64,
}

impl Operation for Redrive {
    const NAME: &'static str = "dlq_redrive";
    type Output = Redriving;

    async fn run(self, admin: &Admin) -> Result<Redriving, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        if count > 0 {
            dead_letters.redrive().await?;
        }
        Ok(Redriving { count })
    }
}

/// Get the status of the last redrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// The status of the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DlqStatus {
    /// The approximate number of messages.
    pub count: u64,
    /// The last redrive, if SQS reports one.
    pub redrive: Option<queue::Redrive>,
}

impl Operation for Status {
    const NAME: &'static str = "dlq_status";
    type Output = DlqStatus;

    async fn run(self, admin: &Admin) -> Result<DlqStatus, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        Ok(DlqStatus { count, redrive: dead_letters.last_redrive().await? })
    }
}
