//! Handles an SQS event and reports the messages that SQS must deliver again.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::StreamExt;
use tracing::{Instrument, error, info, info_span, warn};
use tributary_lambda::error_chain::Chain;
use tributary_lambda::metrics::table;
use tributary_lambda::trace;
use tributary_queue::{CORRELATION_ATTRIBUTE, EnrichMessage, Queue, TRACE_ATTRIBUTE};

use crate::worker::{Ending, Worker};

/// The most batches that are processed concurrently: as many as an event has messages. They share
/// one connection and wait for each other only while they access the database.
const BATCH_CONCURRENCY_MAX: usize = 10;
/// The delay before rows are tried again that another transaction has locked.
const LOCKED_DELAY: Duration = Duration::from_secs(2);
/// The longest delay before a failed message is delivered again.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// The handler of enrich.
pub struct Enrich {
    worker: Worker,
    queue: Queue,
}

/// A message that SQS must deliver again.
struct DeliverAgain;

impl Enrich {
    /// Processes batches with a worker. Follow-up messages and visibility changes go to `queue`.
    #[must_use]
    pub fn new(worker: Worker, queue: Queue) -> Self {
        Self { worker, queue }
    }

    /// Processes the batches of an event concurrently. Equal messages are processed once.
    pub async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
        let mut batches: HashMap<Option<EnrichMessage>, Vec<SqsMessage>> = HashMap::new();
        for record in event.records {
            self.measure(&record);
            batches.entry(read(&record)).or_default().push(record);
        }
        let failed: Vec<_> = futures::stream::iter(batches)
            .map(|(message, records)| async move {
                let outcome = match (&message, records.first()) {
                    (Some(message), Some(first)) => self.work(message, first, deadline).await,
                    _ => {
                        // SQS moves an unreadable message to the dead-letter queue after its last
                        // receive. Nothing is gained by waiting between them.
                        for record in &records {
                            self.retry_later(record, Duration::ZERO).await;
                        }
                        Err(DeliverAgain)
                    }
                };
                if outcome.is_err() { records } else { Vec::new() }
            })
            .buffer_unordered(BATCH_CONCURRENCY_MAX)
            .collect()
            .await;

        let failures = failed.into_iter().flatten().filter_map(|record| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record.message_id?;
            Some(failure)
        });
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures.collect();
        response
    }

    /// Records how long ago a message was sent.
    fn measure(&self, record: &SqsMessage) {
        let Some(sent_ms) = record.attributes.get("SentTimestamp").and_then(|it| it.parse().ok())
        else {
            return;
        };
        let sent = UNIX_EPOCH + Duration::from_millis(sent_ms);
        let age = SystemTime::now().duration_since(sent).unwrap_or_default();
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        self.worker.metrics().observe(&table::QUEUE_AGE, age_ms);
    }

    /// Processes one batch.
    async fn work(
        &self,
        message: &EnrichMessage,
        record: &SqsMessage,
        deadline: SystemTime,
    ) -> Result<(), DeliverAgain> {
        let correlation_id = correlation_of(record);
        let receive_count = receive_count_of(record);
        let xray_trace_id = trace_of(record).and_then(trace::id_of);
        let span = info_span!("enrich", correlation_id, xray_trace_id, batch_id = %message.batch);
        async {
            info!(receive_count, "enrichment started");
            match self.worker.work(message, deadline).await {
                Ok(Ending::NothingLeft) => Ok(()),
                Ok(Ending::OutOfTime) => {
                    self.continue_later(message, record, correlation_id, Duration::ZERO).await
                }
                Ok(Ending::Locked) => {
                    self.continue_later(message, record, correlation_id, LOCKED_DELAY).await
                }
                Ok(Ending::Stopped) => {
                    self.retry_later(record, Duration::ZERO).await;
                    Err(DeliverAgain)
                }
                Ok(Ending::RetryLater) => {
                    self.retry_later(record, backoff(receive_count)).await;
                    Err(DeliverAgain)
                }
                Err(error) => {
                    error!(error = %Chain(&error), "enrichment failed");
                    // Its rows stay claimed until the lease expires; an earlier message would find
                    // no work.
                    let delay = backoff(receive_count).max(self.worker.lease());
                    self.retry_later(record, delay).await;
                    Err(DeliverAgain)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Leaves the remaining rows to a new message with a delay. Returning this message to the queue
    /// would count as a failed receive, and a large batch would end in the dead-letter queue.
    async fn continue_later(
        &self,
        message: &EnrichMessage,
        record: &SqsMessage,
        correlation_id: &str,
        delay: Duration,
    ) -> Result<(), DeliverAgain> {
        match self.queue.send_later(message, correlation_id, trace_of(record), delay).await {
            Ok(()) => Ok(()),
            Err(error) => {
                warn!(error = %Chain(&error), "send failed; this message is delivered again");
                Err(DeliverAgain)
            }
        }
    }

    /// Makes SQS deliver the message again after a delay.
    async fn retry_later(&self, record: &SqsMessage, delay: Duration) {
        let Some(receipt_handle) = &record.receipt_handle else { return };
        info!(delay_s = delay.as_secs(), "message will be delivered again");
        if let Err(error) = self.queue.change_visibility(receipt_handle, delay).await {
            warn!(error = %Chain(&error), "message stays hidden until its visibility timeout ends");
        }
    }
}

/// A delay that doubles with each receive.
fn backoff(receive_count: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(receive_count)).min(BACKOFF_MAX)
}

/// The message of a record. Logs an unreadable record and returns `None`.
fn read(record: &SqsMessage) -> Option<EnrichMessage> {
    match EnrichMessage::parse(record.body.as_deref().unwrap_or_default()) {
        Ok(message) => Some(message),
        Err(error) => {
            let message_id = record.message_id.as_deref().unwrap_or_default();
            let correlation_id = correlation_of(record);
            error!(message_id, correlation_id, error = %Chain(&error), "message is unreadable");
            None
        }
    }
}

fn correlation_of(record: &SqsMessage) -> &str {
    record
        .message_attributes
        .get(CORRELATION_ATTRIBUTE)
        .and_then(|attribute| attribute.string_value.as_deref())
        .unwrap_or_default()
}

/// The trace header of the request that caused a message.
fn trace_of(record: &SqsMessage) -> Option<&str> {
    record.attributes.get(TRACE_ATTRIBUTE).map(String::as_str)
}

fn receive_count_of(record: &SqsMessage) -> u32 {
    record
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok())
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_with_each_receive_up_to_its_limit() {
        let delays = [1, 2, 3, 6, 100].map(|count| backoff(count).as_secs());
        assert_eq!(delays, [2, 4, 8, 60, 60]);
    }
}
