//! The dead-letter queue: messages that nobody could work off, looked at and sent back.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::client::{QueueError, client};
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
    /// The most messages of one receive, and of one call that hands them back, by SQS.
    const BATCH_MAX: usize = 10;
    /// How long messages that are looked at are hidden from others, and from the next look.
    const HIDDEN: Duration = Duration::from_secs(30);
    /// How long one look may receive: what is left of the time they are hidden is for handing them back.
    const LOOK_TIME_MAX: Duration = Duration::from_secs(20);
    /// How long, in seconds, a receive waits for messages. One that does not wait asks some of SQS's
    /// servers alone, and may find none where there are some.
    const RECEIVE_WAIT_S: i32 = 1;

    /// The queue at `url`.
    #[must_use]
    pub fn of(aws: &SdkConfig, url: String) -> Self {
        Self::new(client(aws), url)
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

    /// Looks at up to `count_max` messages, or as many as can be had in 20 seconds, and leaves them where
    /// they are. One that SQS delivers twice is shown once. One that cannot be handed back is hidden from
    /// others for half a minute.
    ///
    /// # Errors
    /// [`QueueError`] if the queue does not answer.
    pub async fn list(&self, count_max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let started = Instant::now();
        let (mut letters, mut known) = (Vec::new(), HashSet::new());
        let mut receipt_handles = Vec::new();
        let mut outcome = Ok(());
        while letters.len() < count_max && started.elapsed() < Self::LOOK_TIME_MAX {
            let received = match self.receive(count_max - letters.len()).await {
                Ok(received) if received.is_empty() => break,
                Ok(received) => received,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            };
            for message in received {
                receipt_handles.extend(message.receipt_handle.clone());
                let letter = read(message);
                if known.insert(letter.message_id.clone()) {
                    letters.push(letter);
                }
            }
        }
        for receipt_handles in receipt_handles.chunks(Self::BATCH_MAX) {
            if let Err(error) = self.make_visible(receipt_handles).await {
                let cause = error.source().map(ToString::to_string);
                warn!(%error, cause, "messages that were looked at stay hidden for a while");
            }
        }
        outcome.map(|()| letters)
    }

    async fn receive(&self, count_max: usize) -> Result<Vec<Message>, QueueError> {
        let count_max = count_max.min(Self::BATCH_MAX);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(count_max).unwrap_or(i32::MAX))
            .wait_time_seconds(Self::RECEIVE_WAIT_S)
            .visibility_timeout(i32::try_from(Self::HIDDEN.as_secs()).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Lets others see what was received, up to [`DeadLetters::BATCH_MAX`] messages.
    async fn make_visible(&self, receipt_handles: &[String]) -> Result<(), QueueError> {
        let entries = receipt_handles.iter().enumerate().map(|(index, receipt_handle)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(receipt_handle)
                .visibility_timeout(0)
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let call = self.client.change_message_visibility_batch().queue_url(&self.url);
        let answer = call.set_entries(Some(entries)).send().await?;
        match answer.failed().first() {
            Some(failed) => Err(QueueError::TakenInPart(failed.code().to_owned())),
            None => Ok(()),
        }
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
