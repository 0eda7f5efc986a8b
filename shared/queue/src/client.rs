//! The SQS client: sends messages, changes their visibility, checks the queue.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::builders::SendMessageBatchRequestEntryBuilder;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use crate::message::{CORRELATION_ATTRIBUTE, EnrichMessage};

/// The queue of enrich.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// A call of SQS failed. All variants are transient.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The call failed.
    #[error("the call of SQS failed")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// SQS rejected some messages of a call.
    #[error("SQS rejected some of the messages: {0}")]
    PartlyRejected(String),
}

/// The time limit of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit of a call with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A client with time limits shorter than those of its callers.
pub(crate) fn client(aws: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    Client::from_conf(aws_sdk_sqs::config::Builder::from(aws).timeout_config(timeouts).build())
}

impl<E: Error + Send + Sync + 'static, R: std::fmt::Debug + Send + Sync + 'static>
    From<aws_sdk_sqs::error::SdkError<E, R>> for QueueError
{
    fn from(error: aws_sdk_sqs::error::SdkError<E, R>) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<BuildError> for QueueError {
    fn from(error: BuildError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl Queue {
    /// A client for the queue at `url`.
    #[must_use]
    pub fn new(aws: &SdkConfig, url: String) -> Self {
        Self { client: client(aws), url }
    }

    /// Sends `count` equal messages (1 to 10, the limit of SQS) in one call.
    ///
    /// # Errors
    /// [`QueueError`] if the call fails. Some or all messages may have been sent all the same.
    pub async fn send(
        &self,
        message: &EnrichMessage,
        count: usize,
        correlation_id: &str,
        trace_header: Option<&str>,
    ) -> Result<(), QueueError> {
        let entry = entry(message, correlation_id, trace_header)?;
        let entries = (0..count).map(|index| entry.clone().id(index.to_string()).build()).collect();
        self.send_entries(entries).await
    }

    /// Sends one message with a delay of at most 15 minutes, the limit of SQS.
    ///
    /// # Errors
    /// [`QueueError`] if the call fails. The message may have been sent all the same.
    pub async fn send_later(
        &self,
        message: &EnrichMessage,
        correlation_id: &str,
        trace_header: Option<&str>,
        delay: Duration,
    ) -> Result<(), QueueError> {
        let delay_s = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
        let entry = entry(message, correlation_id, trace_header)?.id("0").delay_seconds(delay_s);
        self.send_entries(vec![entry.build()]).await
    }

    async fn send_entries(
        &self,
        entries: Vec<Result<SendMessageBatchRequestEntry, BuildError>>,
    ) -> Result<(), QueueError> {
        let entries = entries.into_iter().collect::<Result<Vec<_>, _>>()?;
        let response = self
            .client
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await?;
        match response.failed().first() {
            Some(failed) => Err(QueueError::PartlyRejected(failed.code().to_owned())),
            None => Ok(()),
        }
    }

    /// Makes SQS deliver a received message again after `delay`.
    ///
    /// # Errors
    /// [`QueueError`] if the call fails. The message is then delivered again after its
    /// visibility timeout.
    pub async fn change_visibility(
        &self,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX))
            .send()
            .await?;
        Ok(())
    }

    /// Checks that the queue is available.
    ///
    /// # Errors
    /// [`QueueError`] if it is not.
    pub async fn ping(&self) -> Result<(), QueueError> {
        self.client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await?;
        Ok(())
    }
}

/// The entry of a message in a send, without its id. Its tenant is its message group: SQS then delivers
/// the messages of other tenants first while one has many (fair queues).
fn entry(
    message: &EnrichMessage,
    correlation_id: &str,
    trace_header: Option<&str>,
) -> Result<SendMessageBatchRequestEntryBuilder, BuildError> {
    let correlation = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(correlation_id)
        .build()?;
    let entry = SendMessageBatchRequestEntry::builder()
        .message_body(message.to_body())
        .message_group_id(message.tenant.to_string())
        .message_attributes(CORRELATION_ATTRIBUTE, correlation);
    let Some(trace_header) = trace_header else { return Ok(entry) };
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(trace_header)
        .build()?;
    Ok(entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace))
}
