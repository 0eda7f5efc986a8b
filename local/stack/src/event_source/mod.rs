//! The SQS event source mapping: polls a queue, invokes a function with each batch, and deletes the
//! messages that succeeded.
//!
//! Supports batches of up to ten messages, `ReportBatchItemFailures` and maximum concurrency, but
//! no batching window. A failed message becomes visible again after its visibility timeout.

mod batch_response;
mod record;

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use futures::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::batch_response::BatchOutcome;
use self::record::Source;
use crate::lambda::Lambda;

/// The limit of one SQS receive, and so of a batch without a batching window.
pub const BATCH_SIZE_MAX: i32 = 10;

/// How long one receive waits for messages, in seconds: SQS' maximum.
const WAIT_TIME_SECONDS: i32 = 20;

/// Longer than a receive that finds nothing.
const OPERATION_TIMEOUT: Duration =
    Duration::from_secs(WAIT_TIME_SECONDS.unsigned_abs() as u64 + 10);

const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How often a delete is attempted; after that, its messages are delivered again.
const DELETE_ATTEMPTS_MAX: usize = 5;

/// The configuration of the mapping.
#[derive(Clone, Debug)]
pub struct EventSourceConfig {
    /// The function that gets the batches.
    pub function: String,
    /// The SQS endpoint.
    pub endpoint_url: String,
    /// The URL of the queue.
    pub queue_url: String,
    /// The AWS region in ARNs.
    pub region: String,
    /// Maximum concurrency: how many batches are processed at once.
    pub concurrency: usize,
    /// Maximum messages in a batch, 1 to [`BATCH_SIZE_MAX`].
    pub batch_size: i32,
}

/// A running mapping.
#[derive(Debug)]
pub struct EventSource {
    stopping: CancellationToken,
    pollers: Vec<JoinHandle<()>>,
}

struct Poller {
    sqs: Client,
    lambda: Lambda,
    config: EventSourceConfig,
    source: Source,
    stopping: CancellationToken,
}

impl EventSource {
    /// Starts polling. The pollers retry until SQS is available.
    #[must_use]
    pub fn start(config: &EventSourceConfig, lambda: &Lambda) -> Self {
        let stopping = CancellationToken::new();
        let sqs = client(config);
        let pollers = (0..config.concurrency).map(|_| {
            let poller = Poller {
                sqs: sqs.clone(),
                lambda: lambda.clone(),
                source: Source::of(&config.queue_url, &config.region),
                config: config.clone(),
                stopping: stopping.clone(),
            };
            tokio::spawn(async move { poller.run().await })
        });
        let pollers = pollers.collect();
        Self { stopping, pollers }
    }

    /// Stops polling and waits for running batches.
    pub async fn stop(self) {
        self.stopping.cancel();
        for ended in join_all(self.pollers).await {
            if let Err(error) = ended {
                tracing::error!(%error, "an SQS poller failed");
            }
        }
    }
}

impl Poller {
    async fn run(&self) {
        let mut backoff = BACKOFF_MIN;
        while !self.stopping.is_cancelled() {
            // Dropping a receive ends its long poll; its messages become visible again later.
            let Some(received) = self.stopping.run_until_cancelled(self.receive()).await else {
                return;
            };
            match received {
                Ok(messages) => {
                    backoff = BACKOFF_MIN;
                    if !messages.is_empty() {
                        self.process(&messages).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = %DisplayErrorContext(error),
                        "messages cannot be received"
                    );
                    self.stopping.run_until_cancelled(sleep(backoff)).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
        let request = self.sqs.receive_message();
        let received = request
            .queue_url(&self.config.queue_url)
            .max_number_of_messages(self.config.batch_size.clamp(1, BATCH_SIZE_MAX))
            .wait_time_seconds(WAIT_TIME_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    async fn process(&self, messages: &[Message]) {
        let function = &self.config.function;
        let event = match serde_json::to_vec(&self.source.event(messages)) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%function, %error, "a batch cannot be written as JSON");
                return;
            }
        };
        // The messages of a failed batch become visible again after their visibility timeout.
        let response = match self.lambda.invoke(function, event, None).await {
            Ok(invocation) => invocation.payload,
            Err(error) => {
                tracing::warn!(%function, messages = messages.len(), %error, "a batch failed");
                return;
            }
        };
        let ids = messages.iter().filter_map(|message| message.message_id.as_deref()).collect();
        match batch_response::read(&response, &ids) {
            BatchOutcome::Failed(failed) => {
                if !failed.is_empty() {
                    tracing::info!(%function, failed = failed.len(), "messages of a batch failed");
                }
                self.delete(messages, &failed).await;
            }
            BatchOutcome::Malformed(reason) => {
                tracing::warn!(%function, reason, "the response is malformed, the batch failed");
            }
        }
    }

    /// Deletes the messages that succeeded; those that cannot be deleted are delivered again.
    async fn delete(&self, messages: &[Message], failed: &HashSet<String>) {
        let succeeded = messages
            .iter()
            .filter(|message| message.message_id.as_ref().is_none_or(|id| !failed.contains(id)));
        let entries = succeeded.enumerate().map(|(index, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .build()
        });
        let entries: Vec<_> = match entries.collect() {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(%error, "SQS sent a message without receipt handle");
                return;
            }
        };
        if entries.is_empty() {
            return;
        }
        let mut backoff = BACKOFF_MIN;
        for _ in 0..DELETE_ATTEMPTS_MAX {
            let request = self.sqs.delete_message_batch().queue_url(&self.config.queue_url);
            match request.set_entries(Some(entries.clone())).send().await {
                Ok(response) => {
                    for rejected in response.failed {
                        tracing::warn!(code = rejected.code, "SQS did not delete a message");
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(
                        error = %DisplayErrorContext(error),
                        "messages cannot be deleted"
                    );
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                }
            }
        }
    }
}

fn client(config: &EventSourceConfig) -> Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(OPERATION_TIMEOUT).build();
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&config.endpoint_url)
        .region(Region::new(config.region.clone()))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        // The pollers retry themselves.
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}
