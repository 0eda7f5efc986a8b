//! `dlq_list`, `dlq_redrive`, `dlq_status`: the messages that were given up.

use serde::{Deserialize, Serialize};
use tributary_queue::{self as queue, DeadLetter};

use crate::error::AdminError;
use crate::handler::Admin;
use crate::operation::Operation;

/// How many messages one list may show.
pub const LIST_MAX: u16 = 1_000;
/// How many it shows where nobody says.
pub const LIST_DEFAULT: u16 = 20;
/// How many bytes of JSON the messages of one list may take: Lambda answers with 6 MB at the most.
const LIST_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Look at the messages, and leave them where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// How many at most.
    pub limit: ListLimit,
}

/// From 1 to [`LIST_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u16")]
pub struct ListLimit(u16);

/// A number of messages that no list shows.
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
    /// About how many there are.
    pub count: u64,
    /// As many as were asked for and fit, each whole.
    pub letters: Vec<DeadLetter>,
    /// How many were asked for and found, and do not fit.
    pub left_off: usize,
}

impl Operation for List {
    const NAME: &'static str = "dlq_list";
    type Answer = Listed;

    async fn run(self, admin: &Admin) -> Result<Listed, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        let mut letters = dead_letters.list(usize::from(self.limit.0)).await?;
        let found = letters.len();
        letters.truncate(fitting(&letters)?);
        Ok(Listed { count, left_off: found - letters.len(), letters })
    }
}

/// How many of the first letters fit into one answer.
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

/// Begin to send all messages back to the queue that they came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {}

/// A redrive has begun, unless there was nothing to send back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriving {
    /// About how many messages there were; with none nothing has begun.
    pub count: u64,
}

impl Operation for Redrive {
    const NAME: &'static str = "dlq_redrive";
    type Answer = Redriving;

    async fn run(self, admin: &Admin) -> Result<Redriving, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        if count > 0 {
            dead_letters.redrive().await?;
        }
        Ok(Redriving { count })
    }
}

/// Ask how far the last redrive is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// How many messages there are, and what became of the last redrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DlqStatus {
    /// About how many messages there are.
    pub count: u64,
    /// The last redrive, if SQS remembers one.
    pub redrive: Option<queue::Redrive>,
}

impl Operation for Status {
    const NAME: &'static str = "dlq_status";
    type Answer = DlqStatus;

    async fn run(self, admin: &Admin) -> Result<DlqStatus, AdminError> {
        let dead_letters = admin.dead_letters()?;
        let count = dead_letters.count().await?;
        Ok(DlqStatus { count, redrive: dead_letters.last_redrive().await? })
    }
}
