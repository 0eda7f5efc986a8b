//! The queues and move tasks of an endpoint, and the rules between queues.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::clock::Clock;
use crate::errors::SqsError;
use crate::message::Message;
use crate::move_task::MoveTask;
use crate::queue::{DeliveryFaults, Queue, ReceiveRequest};
use crate::queue_settings::{FIFO_UNSUPPORTED, QueueSettings};
use crate::receipt::Receipt;

mod moves;

#[cfg(test)]
mod tests;

/// The only account of this endpoint.
pub(crate) const ACCOUNT_ID: &str = "000000000000";
const ARN_PREFIX: &str = "arn:aws:sqs:us-east-1";
const QUEUE_NAME_LENGTH_MAX: usize = 80;

/// The state of an endpoint.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) clock: Clock,
    endpoint_url: String,
    queues: BTreeMap<String, Queue>,
    /// Oldest first.
    move_tasks: Vec<MoveTask>,
}

impl Broker {
    /// Creates an endpoint without queues. Queue URLs start with `endpoint_url`.
    pub(crate) fn new(endpoint_url: String) -> Broker {
        Broker { clock: Clock::start(), endpoint_url, queues: BTreeMap::new(), move_tasks: vec![] }
    }

    /// Creates a queue, or finds an existing one with the same attributes. Returns its URL.
    ///
    /// # Errors
    /// For invalid names and attributes, and `QueueNameExists` if the existing queue differs.
    pub(crate) fn create(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<String, SqsError> {
        check_queue_name(name)?;
        let settings = QueueSettings::default().with(attributes)?;
        if let Some(queue) = self.queues.get(name) {
            let (requested, existing) = (settings.to_attributes(), queue.settings.to_attributes());
            if let Some(differs) =
                attributes.keys().find(|key| requested.get(*key) != existing.get(*key))
            {
                return Err(SqsError::QueueNameExists(differs.clone()));
            }
        } else {
            let arn = format!("{ARN_PREFIX}:{ACCOUNT_ID}:{name}");
            self.check_redrive(&arn, &settings)?;
            self.queues.insert(name.to_owned(), Queue::new(arn, settings, now));
        }
        Ok(self.url(name))
    }

    /// Changes attributes of a queue, all or none.
    ///
    /// # Errors
    /// For invalid attributes.
    pub(crate) fn set_attributes(
        &mut self,
        url: &str,
        attributes: &BTreeMap<String, String>,
        now: Instant,
    ) -> Result<(), SqsError> {
        let queue = self.queue(url)?;
        let (arn, settings) = (queue.arn.clone(), queue.settings.with(attributes)?);
        self.check_redrive(&arn, &settings)?;
        let queue = self.queue(url)?;
        queue.settings = settings;
        queue.modified_at = now;
        queue.changed.notify_waiters();
        Ok(())
    }

    /// Deletes a queue with its messages. Ends its long polls.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub(crate) fn delete(&mut self, url: &str) -> Result<(), SqsError> {
        self.queue(url)?.changed.notify_waiters();
        self.queues.remove(name_of(url));
        Ok(())
    }

    /// Finds a queue by the last segment of its URL, so that clients can use another host name.
    ///
    /// # Errors
    /// `MissingParameter` if the URL is empty, `QueueDoesNotExist`.
    pub(crate) fn queue(&mut self, url: &str) -> Result<&mut Queue, SqsError> {
        if url.is_empty() {
            return Err(SqsError::MissingParameter("QueueUrl"));
        }
        self.queues.get_mut(name_of(url)).ok_or(SqsError::QueueDoesNotExist)
    }

    /// The names of the queues in alphabetical order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.queues.keys().map(String::as_str)
    }

    /// Whether the redrive policy of any queue names the queue of `arn`.
    fn is_dead_letter_queue(&self, arn: &str) -> bool {
        let mut policies = self.queues.values().filter_map(|queue| queue.settings.redrive.as_ref());
        policies.any(|redrive| redrive.dead_letter_arn == arn)
    }

    /// The URL of a queue.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT_ID}/{name}", self.endpoint_url)
    }

    /// Receives messages and moves dead letters to the dead-letter queue. While that queue does not
    /// exist, the messages are delivered instead.
    ///
    /// # Errors
    /// Those of [`Queue::receive`] and `QueueDoesNotExist`.
    pub(crate) fn receive(
        &mut self,
        url: &str,
        mut request: ReceiveRequest,
        faults: &mut impl DeliveryFaults,
        now: Instant,
    ) -> Result<Vec<(Receipt, Message)>, SqsError> {
        let redrive = self.queue(url)?.settings.redrive.clone();
        let redrive = redrive.filter(|redrive| self.by_arn(&redrive.dead_letter_arn).is_some());
        request.max_receive_count = redrive.as_ref().map(|redrive| redrive.max_receive_count);
        let queue = self.queue(url)?;
        let source_arn = queue.arn.clone();
        let received = queue.receive(request, faults, now)?;
        if let Some(target) = redrive.and_then(|r| self.by_arn(&r.dead_letter_arn)) {
            for mut message in received.dead_letters {
                message.dead_letter_source = Some(source_arn.clone());
                target.put(message, now);
            }
        }
        Ok(received.delivered)
    }

    fn by_arn(&mut self, arn: &str) -> Option<&mut Queue> {
        let name = arn.strip_prefix(ARN_PREFIX)?.strip_prefix(':')?.strip_prefix(ACCOUNT_ID)?;
        self.queues.get_mut(name.strip_prefix(':')?)
    }

    fn check_redrive(&mut self, arn: &str, settings: &QueueSettings) -> Result<(), SqsError> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        if redrive.dead_letter_arn == arn {
            return Err(redrive.invalid("A queue cannot be its own dead-letter queue."));
        }
        let exists = self.by_arn(&redrive.dead_letter_arn).is_some();
        exists.then_some(()).ok_or_else(|| redrive.invalid("Dead letter target does not exist."))
    }
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

fn check_queue_name(name: &str) -> Result<(), SqsError> {
    if name.is_empty() {
        return Err(SqsError::MissingParameter("QueueName"));
    }
    if name.ends_with(".fifo") {
        return Err(SqsError::UnsupportedOperation(FIFO_UNSUPPORTED));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.len() > QUEUE_NAME_LENGTH_MAX || !name.chars().all(plain) {
        return Err(SqsError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .to_owned(),
        ));
    }
    Ok(())
}
