//! The client of the dead-letter queue: lists and redrives messages.

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

/// A message of the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message id of SQS.
    pub message_id: String,
    /// The correlation id of the request that caused it, if present.
    pub correlation_id: Option<String>,
    /// When it was sent, in milliseconds since 1970.
    pub sent_at_ms: Option<i64>,
    /// The number of receives, including that of the list.
    pub receive_count: Option<u32>,
    /// The body.
    pub body: String,
}

/// The status of a redrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    /// The status from SQS: `RUNNING`, `COMPLETED`, `FAILED`, …
    pub status: String,
    /// The number of messages that were moved so far.
    pub moved: i64,
    /// The number of messages to move.
    pub to_move: Option<i64>,
    /// The reason of a failure.
    pub failure: Option<String>,
}

impl Redrive {
    /// Whether the redrive has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.status != "RUNNING" && self.status != "CANCELLING"
    }
}

impl DeadLetters {
    /// The most messages of one call, by SQS.
    const BATCH_MAX: usize = 10;
    /// How long listed messages are hidden from other consumers and from further receives.
    const HIDDEN: Duration = Duration::from_secs(30);
    /// The time limit for receiving. The rest of [`Self::HIDDEN`] is for making messages visible
    /// again.
    const LIST_TIME_MAX: Duration = Duration::from_secs(20);
    /// The wait time of a receive, in seconds. Without it (short polling) SQS queries only some of
    /// its servers and may miss messages.
    const RECEIVE_WAIT_S: i32 = 1;

    /// A client for the queue at `url`.
    #[must_use]
    pub fn of(aws: &SdkConfig, url: String) -> Self {
        Self::new(client(aws), url)
    }

    /// The queue at `url` with an existing SQS client.
    #[must_use]
    pub const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// The approximate number of messages.
    ///
    /// # Errors
    /// [`QueueError`] if the queue is unavailable.
    pub async fn count(&self) -> Result<u64, QueueError> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let attributes = self.attributes(name.clone()).await?;
        Ok(attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Lists up to `count_max` messages, or as many as SQS delivers in 20 seconds, without removing
    /// them. Duplicate deliveries are listed once. If a message cannot be made visible again, it
    /// stays hidden for 30 seconds.
    ///
    /// # Errors
    /// [`QueueError`] if the queue is unavailable.
    pub async fn list(&self, count_max: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let started = Instant::now();
        let (mut letters, mut known) = (Vec::new(), HashSet::new());
        let mut receipt_handles = Vec::new();
        let mut outcome = Ok(());
        while letters.len() < count_max && started.elapsed() < Self::LIST_TIME_MAX {
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
                warn!(%error, cause, "listed messages stay hidden until their timeout");
            }
        }
        outcome.map(|()| letters)
    }

    async fn receive(&self, count_max: usize) -> Result<Vec<Message>, QueueError> {
        let count_max = count_max.min(Self::BATCH_MAX);
        let response = self
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
        Ok(response.messages.unwrap_or_default())
    }

    /// Makes up to [`DeadLetters::BATCH_MAX`] received messages visible again.
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
        let response = call.set_entries(Some(entries)).send().await?;
        match response.failed().first() {
            Some(failed) => Err(QueueError::PartlyRejected(failed.code().to_owned())),
            None => Ok(()),
        }
    }

    /// Starts moving all messages back to their source queue. SQS moves them asynchronously.
    ///
    /// # Errors
    /// [`QueueError`] if SQS rejects the call, for example while another redrive is running.
    pub async fn redrive(&self) -> Result<(), QueueError> {
        self.client.start_message_move_task().source_arn(self.arn().await?).send().await?;
        Ok(())
    }

    /// The status of the last redrive; `None` if there was none.
    ///
    /// # Errors
    /// [`QueueError`] if the queue is unavailable.
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
        let response = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(name)
            .send()
            .await?;
        Ok(response.attributes.unwrap_or_default())
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
