//! The dead-letter queue: messages that nobody could work off, looked at and sent back.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde::{Deserialize, Serialize};

use crate::client::QueueError;
use crate::message::CORRELATION_ATTRIBUTE;

/// The dead-letter queue.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    client: Client,
    url: String,
}

/// A message that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The id that SQS gave it.
    pub message_id: String,
    /// The correlation id of the request that it came from, if it says one.
    pub correlation_id: Option<String>,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at_ms: Option<i64>,
    /// How often it was received, looking at it here included.
    pub receive_count: Option<u32>,
    /// Its body, whole.
    pub body: String,
}

/// How far a redrive is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// What SQS says of it: `RUNNING`, `COMPLETED`, `FAILED`, …
    pub status: String,
    /// How many messages it moved until now.
    pub moved: i64,
    /// How many there were to move.
    pub to_move: Option<i64>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl Redrive {
    /// Nothing more will be moved.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.status != "RUNNING" && self.status != "CANCELLING"
    }
}

impl DeadLetters {
    /// The most messages of one receive, by SQS.
    const RECEIVE_MAX: i32 = 10;
    /// How long messages that are looked at are hidden from others, and from the next look.
    const HIDDEN: Duration = Duration::from_secs(30);

    /// The queue at `url`; region, credentials and endpoint come from the environment, as every AWS SDK
    /// takes them.
    pub async fn connect(url: String) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::new(Client::new(&config), url)
    }

    /// The queue at `url`, by a client that is there already.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// About how many messages there are.
    ///
    /// # Errors
    /// [`QueueError`] if the queue does not answer.
    pub async fn count(&self) -> Result<u64, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let attributes = self.attributes(name.clone()).await?;
        Ok(attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Looks at up to `count_max` messages, and leaves them where they are.
    ///
    /// # Errors
    /// [`QueueError`] if the queue does not answer; messages looked at until then are hidden for a while.
    pub async fn list(&self, count_max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let mut letters = Vec::new();
        let mut receipt_handles = Vec::new();
        while letters.len() < count_max {
            let received = self
                .client
                .receive_message()
                .queue_url(&self.url)
                .max_number_of_messages(Self::RECEIVE_MAX)
                .visibility_timeout(i32::try_from(Self::HIDDEN.as_secs()).unwrap_or(i32::MAX))
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .message_attribute_names("All")
                .send()
                .await?
                .messages
                .unwrap_or_default();
            if received.is_empty() {
                break;
            }
            for message in received {
                receipt_handles.extend(message.receipt_handle.clone());
                letters.push(read(message));
            }
        }
        for receipt_handle in receipt_handles {
            self.client
                .change_message_visibility()
                .queue_url(&self.url)
                .receipt_handle(receipt_handle)
                .visibility_timeout(0)
                .send()
                .await?;
        }
        letters.truncate(count_max);
        Ok(letters)
    }

    /// Begins to send all messages back to the queue that they came from. SQS does it by itself.
    ///
    /// # Errors
    /// [`QueueError`] if SQS refuses, as while another redrive is under way.
    pub async fn redrive(&self) -> Result<(), QueueError> {
        self.client.start_message_move_task().source_arn(self.arn().await?).send().await?;
        Ok(())
    }

    /// How far the last redrive is; `None` if there was none.
    ///
    /// # Errors
    /// [`QueueError`] if the queue does not answer.
    pub async fn last_redrive(&self) -> Result<Option<Redrive>, QueueError> {
        let tasks =
            self.client.list_message_move_tasks().source_arn(self.arn().await?).send().await?;
        Ok(tasks.results().first().map(|task| Redrive {
            status: task.status().unwrap_or_default().to_owned(),
            moved: task.approximate_number_of_messages_moved(),
            to_move: task.approximate_number_of_messages_to_move(),
            failure: task.failure_reason().map(str::to_owned),
        }))
    }

    async fn arn(&self) -> Result<String, QueueError> {
        let name = QueueAttributeName::QueueArn;
        let mut attributes = self.attributes(name.clone()).await?;
        attributes
            .remove(&name)
            .ok_or_else(|| QueueError::Unavailable("the queue has no ARN".into()))
    }

    async fn attributes(
        &self,
        name: QueueAttributeName,
    ) -> Result<HashMap<QueueAttributeName, String>, QueueError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(name)
            .send()
            .await?;
        Ok(answer.attributes.unwrap_or_default())
    }
}

fn read(message: Message) -> DeadLetter {
    let attribute = |name| message.attributes().and_then(|attributes| attributes.get(&name));
    DeadLetter {
        sent_at_ms: attribute(MessageSystemAttributeName::SentTimestamp)
            .and_then(|text| text.parse().ok()),
        receive_count: attribute(MessageSystemAttributeName::ApproximateReceiveCount)
            .and_then(|text| text.parse().ok()),
        correlation_id: message
            .message_attributes()
            .and_then(|attributes| attributes.get(CORRELATION_ATTRIBUTE))
            .and_then(|attribute| attribute.string_value())
            .map(str::to_owned),
        message_id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
    }
}
